import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Database, Trx } from '@parley/database';
import { type CrashingPostgres, startCrashingPostgres } from '@parley/testing';
import { type RawBuilder, sql } from 'kysely';
import {
  eventually,
  findSequenceBreaks,
  type MechanismBench,
  type NatsBench,
  openMechanismBench,
  openNatsBench,
  postedEvent,
  readStream,
} from '../../test/bench.ts';
import { startConsumer } from '../../test/consumer-bench.ts';
import { EventLog } from '../event-log/event-log.ts';
import { OutboxRepository, type OutboxRow } from '../event-log/outbox.repository.ts';
import { Relay } from '../event-log/relay.ts';
import type { Lease } from '../leases/leases.ts';
import { Leases } from '../leases/leases.ts';
import { LeasesRepository } from '../leases/leases.repository.ts';
import { silentLogger } from '../logger.ts';
import type { EventHandler } from '../runner/consumer-runner.ts';
import { Wakers } from '../wakers.ts';
import { WorkFinder } from '../work-finder/work-finder.ts';
import { WorkFinderRepository } from '../work-finder/work-finder.repository.ts';
import { MaintenanceRepository } from './maintenance.repository.ts';

const spaceId = 'space_a';
const threads = ['red', 'green', 'blue'];
const bucket = 'channels';
const shards = ['CONVERSATION', `kv:${bucket}`];

/** A commit that others wait for may write what shall be lost; then the round proves nothing and is done again. */
const MAX_ROUNDS = 4;

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );

/** Counts the events of a thread, and keeps a `wrong …` row of each that is not the next one. */
function counter(name: string, dedupe: EventHandler['dedupe']): EventHandler {
  return {
    definition: postedEvent,
    dedupe,
    handle: async (events, { trx }) => {
      for (const event of events) {
        const { thread, sequence } = event.data as { thread: string; sequence: number };
        const last = await countOn(trx, `${name} ${thread}`, 1);
        if (last !== sequence) await countOn(trx, `wrong ${name} ${thread} ${sequence} as ${last}`, 1);
      }
    },
  };
}

async function countOn(trx: Trx<unknown>, id: string, count: number): Promise<number> {
  const { rows } = await sql<{ last: number }>`
    INSERT INTO thread (id, last_sequence) VALUES (${id}, ${count})
    ON CONFLICT (id) DO UPDATE SET last_sequence = thread.last_sequence + ${count} RETURNING last_sequence AS last`.execute(
    trx,
  );
  return rows[0]?.last ?? 0;
}

describe('What PostgreSQL loses of commits that do not wait for the disk', () => {
  let postgres: CrashingPostgres;
  let bench: MechanismBench;
  let broker: NatsBench;
  let nats: NatsConnection;
  let superuser: Database<unknown>;
  /** Called as soon as a relaxed statement has returned. */
  let afterRelaxed: (statement: string) => void = () => undefined;
  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    [postgres, broker] = await Promise.all([startCrashingPostgres(), openNatsBench()]);
    bench = await openMechanismBench({}, await postgres.createDatabase());
    superuser = bench.owner();
    nats = await broker.connect();
    await new Kvm(nats).create(bucket, { history: 64 });
  }, 60_000);

  afterEach(async () => {
    afterRelaxed = () => undefined;
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  afterAll(async () => {
    await broker.close();
    await bench.close();
    await postgres.close();
  });

  const read = async <Row>(query: RawBuilder<Row>): Promise<Row[]> =>
    (await query.execute(superuser.kysely)).rows;

  /** Kills PostgreSQL when that relaxed statement has returned; resolves once it is up again, closed to the services. */
  function crashAfter(statement: string): Promise<void> {
    return new Promise((resolve, reject) => {
      afterRelaxed = (ended) => {
        if (ended !== statement) return;
        afterRelaxed = () => undefined;
        postgres.crash();
        postgres.recover().then(resolve, reject);
      };
    });
  }

  /**
   * Does a round again and again until its relaxed statement was really lost.
   * @param round ends when PostgreSQL is up again; answers whether what the statement had changed is as before
   */
  async function loseIn(round: () => Promise<boolean>): Promise<void> {
    for (let rounds = 1; rounds <= MAX_ROUNDS; rounds += 1) {
      const wasLost = await round().finally(() => postgres.admit());
      if (wasLost) return;
    }
    throw new Error(`The statement was not lost in ${MAX_ROUNDS} rounds: the test shows nothing.`);
  }

  class Outbox extends OutboxRepository {
    /** Before acknowledged rows are removed with a look for others. */
    beforeRemoval: () => Promise<void> = () => Promise.resolve();
    private held: Promise<void> = Promise.resolve();

    /** Finds nothing new while that is done: then all of it is published together. */
    async holdDuring(work: () => Promise<void>): Promise<void> {
      this.held = work();
      await this.held;
    }

    override async nextRows(
      shard: string,
      limit: number,
      removed: readonly number[] = [],
    ): Promise<OutboxRow[]> {
      await this.held;
      if (removed.length > 0) await this.beforeRemoval();
      const rows = await super.nextRows(shard, limit, removed);
      if (removed.length > 0) afterRelaxed(`removal of ${shard}`);
      return rows;
    }

    override async remove(shard: string, ids: readonly number[]): Promise<void> {
      await super.remove(shard, ids);
      afterRelaxed('removal at the end');
    }
  }

  class ObservedLeases extends LeasesRepository {
    override async prolong(...given: Parameters<LeasesRepository['prolong']>): Promise<void> {
      await super.prolong(...given);
      afterRelaxed('prolonging');
    }

    override async release(...given: Parameters<LeasesRepository['release']>): Promise<void> {
      await super.release(...given);
      afterRelaxed('release');
    }

    override async removeProcess(holder: string): Promise<void> {
      await super.removeProcess(holder);
      afterRelaxed('removal of the process');
    }
  }

  describe('in the outbox', () => {
    const entries = new Map<string, number>();
    let events: EventLog;

    interface RelayProcess {
      relay: Relay;
      outbox: Outbox;
      stop(): Promise<void>;
    }

    /** A process that holds the relays of a service. */
    function startRelays(): RelayProcess {
      const wakers = new Wakers(bench.database);
      events = new EventLog(wakers);
      const outbox = new Outbox(bench.runner);
      const relay = new Relay({ outbox, nats, wakers, logger: silentLogger, source: 'conversation' });
      const leases = new Leases(new LeasesRepository(bench.runner), silentLogger, wakers);
      const finder = new WorkFinder(new WorkFinderRepository(bench.runner), leases, wakers, silentLogger);
      for (const shard of shards)
        leases.runWhileHeld(`relay.${shard}`, (lease) => relay.run(shard, lease), { drain: true });
      leases.start();
      finder.start();
      const stop = (): Promise<void> => Promise.all([finder.stop(), leases.stop()]).then(() => undefined);
      stops.push(stop);
      return { relay, outbox, stop };
    }

    function startConsumers(): void {
      const parts = { nats, database: bench.database, runner: bench.runner };
      for (const dedupe of ['sequence', 'inbox'] as const) {
        const consumer = startConsumer(parts, [counter(dedupe, dedupe)], { consumer: dedupe });
        stops.push(() => consumer.stop());
      }
    }

    /** What was acknowledged to the writers. */
    const posted = new Map<string, number>();

    async function post(count: number): Promise<void> {
      for (const thread of threads) {
        await bench.database.withSpaces([spaceId], async (trx) => {
          const last = await countOn(trx, thread, count);
          await events.append(
            trx,
            Array.from({ length: count }, (_value, index) => ({
              definition: postedEvent,
              spaceId,
              data: { thread, sequence: last - count + 1 + index },
            })),
          );
        });
        posted.set(thread, (posted.get(thread) ?? 0) + count);
      }
    }

    async function putEntry(key: string): Promise<void> {
      const version = (entries.get(key) ?? 0) + 1;
      await bench.database.withSpaces([spaceId], (trx) =>
        events.put(trx, bucket, { spaceId, key, version, value: { version } }),
      );
      entries.set(key, version);
    }

    const countsOf = async (): Promise<Record<string, number>> => {
      const rows = await read(
        sql<{ id: string; count: number }>`SELECT id, last_sequence AS count FROM thread`,
      );
      return Object.fromEntries(rows.map(({ id, count }) => [id, Number(count)]));
    };

    /** Counters and effects as they must be: each event once with each consumer. */
    const expectedCounts = (): Record<string, number> =>
      Object.fromEntries(
        [...posted].flatMap(([thread, count]) =>
          ['', 'sequence ', 'inbox '].map((name) => [`${name}${thread}`, count]),
        ),
      );

    const isHandled = async (): Promise<boolean> => {
      const counts = await countsOf();
      return Object.entries(expectedCounts()).every(([id, count]) => (counts[id] ?? 0) >= count);
    };
    const handled = (): Promise<void> => eventually('all events are handled', isHandled);

    const waiting = async (shard: string): Promise<number> =>
      (await read(sql`SELECT FROM outbox WHERE shard = ${shard}`)).length;

    const drained = (): Promise<void> =>
      eventually('the outbox is empty', async () => (await read(sql`SELECT FROM outbox`)).length === 0);

    /** Everything that was acknowledged is stored and published, once and in order; the relay goes on. */
    async function expectWhole(): Promise<void> {
      await drained();
      await post(1);
      await drained();
      await handled();
      const all = [...posted].flatMap(([key, count]) =>
        Array.from({ length: count }, (_value, index) => `${key} ${index + 1}`),
      );
      const stream = await readStream(nats);
      expect(findSequenceBreaks(stream)).toEqual([]);
      expect(stream.map(({ key, sequence }) => `${key} ${sequence}`).sort()).toEqual(all.sort());
      const stored = await read(sql<{ text: string }>`SELECT key || ' ' || sequence AS text FROM event`);
      expect(stored.map(({ text }) => text).sort()).toEqual(all);
      expect(await countsOf()).toEqual(expectedCounts());
    }

    it('publishes rows again whose removal was lost: the stream has each once, effects are done once', async () => {
      startConsumers();
      const { relay, outbox } = startRelays();
      // The commits of the effects, which wait for the disk, come before the removal.
      outbox.beforeRemoval = handled;
      let back = 0;
      await loseIn(async () => {
        const crash = crashAfter('removal of CONVERSATION');
        await outbox.holdDuring(() => post(4));
        await crash;
        back = await waiting('CONVERSATION');
        expect(await countsOf()).toEqual(expectedCounts());
        return back === 4 * threads.length;
      });
      outbox.beforeRemoval = () => Promise.resolve();
      const duplicates = relay.stats.duplicates;
      await expectWhole();
      expect(relay.stats.duplicates - duplicates).toBe(back);
    });

    it('does so when the process that had published them has ended as well', async () => {
      startConsumers();
      await loseIn(async () => {
        const { relay, outbox, stop } = startRelays();
        // So its end finds rows that are published and not yet removed.
        outbox.beforeRemoval = () =>
          Promise.reject(new Error('This process removes nothing before its end.'));
        const published = relay.stats.published;
        await outbox.holdDuring(() => post(2));
        await eventually(
          'they are published',
          () => relay.stats.published - published === 2 * threads.length,
        );
        await handled();
        const crash = crashAfter('removal at the end');
        await stop();
        await crash;
        return (await waiting('CONVERSATION')) === 2 * threads.length;
      });
      const next = startRelays();
      await expectWhole();
      expect(next.relay.stats.duplicates).toBe(2 * threads.length);
    });

    it('never lowers an entry of a bucket whose older versions come back', async () => {
      const { outbox } = startRelays();
      await loseIn(async () => {
        const crash = crashAfter(`removal of kv:${bucket}`);
        await outbox.holdDuring(async () => {
          for (let version = 1; version <= 3; version += 1) await putEntry('chan_1');
        });
        await crash;
        return (await waiting(`kv:${bucket}`)) === 3;
      });
      await drained();
      await putEntry('chan_2');
      await drained();
      const store = await new Kvm(nats).open(bucket);
      const versions: number[] = [];
      for await (const entry of await store.history({ key: 'chan_1' }))
        versions.push(entry.json<{ version: number }>().version);
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      expect(new Set(versions).size).toBe(versions.length);
      expect((await store.get('chan_1'))?.json()).toMatchObject({ version: entries.get('chan_1') });
      expect((await store.get('chan_2'))?.json()).toMatchObject({ version: entries.get('chan_2') });
    });

    it('leaves effects once when the stream has forgotten the ids and stores the events again', async () => {
      const manager = await jetstreamManager(nats);
      await manager.streams.update('CONVERSATION', { duplicate_window: 100 * 1_000_000 });
      startConsumers();
      const { outbox } = startRelays();
      outbox.beforeRemoval = handled;
      const before = await manager.streams.info('CONVERSATION');
      let sent = 0;
      await loseIn(async () => {
        const crash = crashAfter('removal of CONVERSATION');
        await outbox.holdDuring(() => post(4));
        sent += 4 * threads.length;
        await crash;
        return (await waiting('CONVERSATION')) === 4 * threads.length;
      });
      outbox.beforeRemoval = () => Promise.resolve();
      await drained();
      await post(1);
      await drained();
      await handled();
      const { state } = await manager.streams.info('CONVERSATION');
      expect(state.messages - before.state.messages).toBe(sent + 4 * threads.length + threads.length);
      expect(await countsOf()).toEqual(expectedCounts());
    });
  });

  describe('of leases', () => {
    /** What each holder of a lease saw when it took it. */
    interface Taken {
      lease: Lease;
      at: number;
      others: number;
    }

    /** A process that wants one lease; `log` is shared by all that want it. */
    function startHolder(name: string, log: Taken[], wanted: boolean = true): Leases {
      const leases = new Leases(new ObservedLeases(bench.runner), silentLogger);
      if (wanted)
        leases.runWhileHeld(name, async (lease) => {
          log.push({ lease, at: performance.now(), others: log.filter((one) => one.lease.isHeld()).length });
          await untilAborted(lease.signal);
        });
      leases.start();
      stops.push(() => leases.stop());
      return leases;
    }

    const rowOf = async (name: string): Promise<{ holder: string; epoch: number; left: number }> => {
      const [row] = await read(
        sql<{ holder: string; epoch: number; left: number }>`
          SELECT holder, epoch, extract(epoch FROM until - clock_timestamp())::float8 AS left FROM lease WHERE name = ${name}`,
      );
      return row ?? { holder: '', epoch: 0, left: 0 };
    };

    const rises = (log: readonly Taken[]): boolean =>
      log.every(({ lease }, index) => index === 0 || lease.epoch > (log[index - 1]?.lease.epoch ?? 0));

    it('takes a lease over within 2 s whose release was lost, with a higher epoch', async () => {
      const log: Taken[] = [];
      let first = startHolder('released', log);
      await eventually('it is taken', () => log.length === 1);
      let admittedAt = 0;
      await loseIn(async () => {
        const second = startHolder('released', log);
        await eventually('both live', () => first.processCount === 2 && second.processCount === 2);
        const [holding, waiting] = first.heldNames().length > 0 ? [first, second] : [second, first];
        const taken = log.length;
        const { holder } = await rowOf('released');
        const crash = crashAfter('release');
        await Promise.all([crash, holding.stop()]);
        const row = await rowOf('released');
        admittedAt = performance.now();
        await postgres.admit();
        await eventually('it is taken over', () => log.length > taken, 2000);
        first = waiting;
        return row.holder === holder && row.left > 0;
      });
      const last = log.at(-1);
      expect((last?.at ?? Infinity) - admittedAt).toBeLessThan(2000);
      expect(last?.lease.expired).toBe(true);
      expect(rises(log)).toBe(true);
      expect(log.map(({ others }) => others)).toEqual(log.map(() => 0));
    });

    it('forgets a process whose removal was lost, and keeps no lease for it', async () => {
      const log: Taken[] = [];
      const staying = startHolder('left', log);
      await eventually('it is taken', () => log.length === 1);
      await loseIn(async () => {
        const leaving = startHolder('left', []);
        await eventually('both live', () => staying.processCount === 2);
        const crash = crashAfter('removal of the process');
        await Promise.all([crash, leaving.stop()]);
        const back = await read(
          sql`SELECT FROM lease WHERE name LIKE '@%' AND until > clock_timestamp() - interval '3 seconds'`,
        );
        return back.length === 2;
      });
      await eventually('it is alone', () => staying.processCount === 1, 3000);
      await eventually('it holds the lease', () => log.at(-1)?.lease.isHeld() === true, 3000);
      expect(rises(log)).toBe(true);
      expect(log.map(({ others }) => others)).toEqual(log.map(() => 0));
    });

    it('changes nothing for the holder of a lease whose prolonging was lost', async () => {
      const log: Taken[] = [];
      const other: Taken[] = [];
      const holder = startHolder('prolonged', log);
      await eventually('it is taken', () => log.length === 1);
      startHolder('prolonged', log, true);
      await loseIn(async () => {
        await sql`UPDATE lease SET until = clock_timestamp() + interval '40 seconds' WHERE name = 'prolonged'`.execute(
          superuser.kysely,
        );
        const { holder: id } = await rowOf('prolonged');
        const crash = crashAfter('prolonging');
        await new ObservedLeases(bench.runner).prolong(id, ['prolonged']);
        await crash;
        const { left } = await rowOf('prolonged');
        return left < 41 && left > 20;
      });
      await eventually('it is held', () => log.at(-1)?.lease.isHeld() === true, 2000);
      expect(rises(log)).toBe(true);
      expect(log.map(({ others }) => others)).toEqual(log.map(() => 0));
      expect([holder.heldNames().length, other.length]).toEqual([1, 0]);
    });
  });

  describe('of maintenance', () => {
    const tables = ['inbox', 'command', 'event', 'outbox', 'thread', 'position', 'key_sequence', 'task'];

    /** Everything that is stored, as text. */
    const contents = async (): Promise<Record<string, string[]>> => {
      const found: Record<string, string[]> = {};
      for (const table of tables) {
        const rows = await read(
          sql<{ text: string }>`SELECT row::text AS text FROM ${sql.table(table)} AS row`,
        );
        found[table] = rows.map(({ text }) => text).sort();
      }
      return found;
    };

    it.each([
      ['seen events', 'inbox', 'deleteSeenEvents'],
      ['expired answers', 'command', 'deleteExpiredCommands'],
    ] as const)(
      'forgets %s again that a crash brought back, and nothing else',
      async (_what, table, forget) => {
        const repository = new MaintenanceRepository(bench.runner);
        await sql`DELETE FROM inbox`.execute(superuser.kysely);
        await sql`DELETE FROM command`.execute(superuser.kysely);
        for (const [age, name] of [
          [40, 'old'],
          [1, 'young'],
        ] as const) {
          await sql`
          INSERT INTO inbox (consumer, event_id, space_id, received_at)
          SELECT 'spec', ${name} || n, ${spaceId}, now() - ${age} * interval '1 day' FROM generate_series(1, 50) AS n`.execute(
            superuser.kysely,
          );
          await sql`
          INSERT INTO command (scope, key, space_id, request_id, request_hash, expires_at)
          SELECT 'spec', ${name} || n, ${spaceId}, 'request', 'hash', now() + (20 - ${age}) * interval '1 day'
          FROM generate_series(1, 50) AS n`.execute(superuser.kysely);
        }
        const before = await contents();
        await loseIn(async () => {
          const crash = crashAfter(forget);
          expect(await repository[forget]()).toBe(50);
          afterRelaxed(forget);
          await crash;
          const found = await contents();
          if (found[table]?.length !== 100) return false;
          expect(found).toEqual(before);
          return true;
        });
        await eventually('it is forgotten', () =>
          repository[forget]().then(
            (count) => count === 50,
            () => false,
          ),
        );
        expect(await repository[forget]()).toBe(0);
        const kept = (before[table] ?? []).filter((text) => text.includes('young'));
        expect(await contents()).toEqual({ ...before, [table]: kept });
      },
    );
  });
});
