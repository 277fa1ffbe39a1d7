import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Trx } from '@parley/database';
import { sql } from 'kysely';
import {
  eventually,
  findSequenceBreaks,
  type NatsBench,
  openNatsBench,
  postedEvent,
  readStream,
} from '../../test/bench.ts';
import { startConsumer } from '../../test/consumer-bench.ts';
import { CrashStage } from '../../test/crash-stage.ts';
import { HeldLease } from '../leases/lease.ts';
import { Leases } from '../leases/leases.ts';
import { LeasesRepository } from '../leases/leases.repository.ts';
import { silentLogger } from '../logger.ts';
import type { EventHandler } from '../runner/consumer-runner.ts';
import { Wakers } from '../wakers.ts';
import { WorkFinder } from '../work-finder/work-finder.ts';
import { WorkFinderRepository } from '../work-finder/work-finder.repository.ts';
import { EventLog } from './event-log.ts';
import { OutboxRepository, type OutboxRow } from './outbox.repository.ts';
import { Relay } from './relay.ts';

const spaceId = 'space_a';
const threads = ['red', 'green', 'blue'];
const bucket = 'channels';
const shards = ['CONVERSATION', `kv:${bucket}`];

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

describe('Outbox rows whose removal PostgreSQL loses in a crash', () => {
  let stage: CrashStage;
  let broker: NatsBench;
  let nats: NatsConnection;
  const stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    [stage, broker] = await Promise.all([CrashStage.open(), openNatsBench()]);
    nats = await broker.connect();
    await new Kvm(nats).create(bucket, { history: 64 });
  }, 60_000);

  afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())));

  afterAll(async () => {
    await broker.close();
    await stage.close();
  });

  class Outbox extends OutboxRepository {
    /** Before acknowledged rows are removed with a look for others. */
    beforeRemoval: () => Promise<void> = () => Promise.resolve();
    private held: Promise<void> = Promise.resolve();
    private lastLook: Promise<unknown> = Promise.resolve();

    /** Finds nothing new while that is done: then all of it is published together. */
    async holdDuring(work: () => Promise<void>): Promise<void> {
      const started = this.lastLook.catch(() => undefined).then(work);
      this.held = started;
      await started;
    }

    override async nextRows(
      shard: string,
      limit: number,
      removed: readonly number[] = [],
    ): Promise<OutboxRow[]> {
      await this.held;
      if (removed.length > 0) await this.beforeRemoval();
      const look = super.nextRows(shard, limit, removed);
      this.lastLook = look;
      const rows = await look;
      if (removed.length > 0) stage.afterRelaxed(`removal of ${shard}`);
      return rows;
    }

    override async remove(shard: string, ids: readonly number[]): Promise<void> {
      await super.remove(shard, ids);
      stage.afterRelaxed('removal at the end');
    }
  }

  const entries = new Map<string, number>();
  let events: EventLog;

  interface RelayParts {
    relay: Relay;
    outbox: Outbox;
    wakers: Wakers;
  }

  function createRelay(): RelayParts {
    const wakers = new Wakers(stage.bench.database);
    events = new EventLog(wakers);
    const outbox = new Outbox(stage.bench.runner);
    return {
      relay: new Relay({ outbox, nats, wakers, logger: silentLogger, source: 'conversation' }),
      outbox,
      wakers,
    };
  }

  /** A process that holds the relays of a service. */
  function startRelays(): RelayParts {
    const parts = createRelay();
    const { relay, wakers } = parts;
    const { runner } = stage.bench;
    const leases = new Leases(new LeasesRepository(runner), silentLogger, wakers);
    const finder = new WorkFinder(new WorkFinderRepository(runner), leases, wakers, silentLogger);
    for (const shard of shards)
      leases.runWhileHeld(`relay.${shard}`, (lease) => relay.run(shard, lease), { drain: true });
    leases.start();
    finder.start();
    stops.push(() => Promise.all([finder.stop(), leases.stop()]));
    return parts;
  }

  function startConsumers(): void {
    const parts = { nats, database: stage.bench.database, runner: stage.bench.runner };
    for (const dedupe of ['sequence', 'inbox'] as const) {
      const consumer = startConsumer(parts, [counter(dedupe, dedupe)], { consumer: dedupe });
      stops.push(() => consumer.stop());
    }
  }

  /** What was acknowledged to the writers. */
  const posted = new Map<string, number>();

  async function post(count: number): Promise<void> {
    for (const thread of threads) {
      await stage.bench.database.withSpaces([spaceId], async (trx) => {
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
    await stage.bench.database.withSpaces([spaceId], (trx) =>
      events.put(trx, bucket, { spaceId, key, version, value: { version } }),
    );
    entries.set(key, version);
  }

  const countsOf = async (): Promise<Record<string, number>> => {
    const rows = await stage.read(
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
    (await stage.read(sql`SELECT FROM outbox WHERE shard = ${shard}`)).length;

  const drained = (): Promise<void> =>
    eventually('the outbox is empty', async () => (await stage.read(sql`SELECT FROM outbox`)).length === 0);

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
    const stored = await stage.read(sql<{ text: string }>`SELECT key || ' ' || sequence AS text FROM event`);
    expect(stored.map(({ text }) => text).sort()).toEqual(all);
    expect(await countsOf()).toEqual(expectedCounts());
  }

  it('publishes rows again whose removal was lost: the stream has each once, effects are done once', async () => {
    startConsumers();
    const { relay, outbox } = startRelays();
    // The commits of the effects, which wait for the disk, come before the removal.
    outbox.beforeRemoval = handled;
    let back = 0;
    let duplicates = 0;
    await stage.loseIn(async () => {
      await drained();
      duplicates = relay.stats.duplicates;
      const crash = stage.crashAfter('removal of CONVERSATION');
      await outbox.holdDuring(() => post(4));
      await crash;
      back = await waiting('CONVERSATION');
      expect(await countsOf()).toEqual(expectedCounts());
      return back === 4 * threads.length;
    });
    outbox.beforeRemoval = () => Promise.resolve();
    await expectWhole();
    expect(relay.stats.duplicates - duplicates).toBe(back);
  });

  it('does so when the process that had published them has ended as well', async () => {
    startConsumers();
    await stage.loseIn(async () => {
      // Renewals of a lease would write the removal: this one needs none.
      const { relay, outbox } = createRelay();
      const about = { name: 'relay.CONVERSATION', epoch: 1, expired: false };
      const lease = new HeldLease(about, Number.POSITIVE_INFINITY);
      const ended = relay.run('CONVERSATION', lease);
      stops.push(() => Promise.resolve(lease.markLost()));
      await drained();
      // So its end finds rows that are published and not yet removed.
      outbox.beforeRemoval = () => Promise.reject(new Error('This process removes nothing before its end.'));
      const published = relay.stats.published;
      await outbox.holdDuring(() => post(2));
      await eventually('they are published', () => relay.stats.published - published === 2 * threads.length);
      await handled();
      const crash = stage.crashAfter('removal at the end');
      lease.requestDrain(true);
      await Promise.all([ended, crash]);
      return (await waiting('CONVERSATION')) === 2 * threads.length;
    });
    const next = startRelays();
    await expectWhole();
    expect(next.relay.stats.duplicates).toBe(2 * threads.length);
  });

  it('never lowers an entry of a bucket whose older versions come back', async () => {
    const { outbox } = startRelays();
    await stage.loseIn(async () => {
      await drained();
      const crash = stage.crashAfter(`removal of kv:${bucket}`);
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
    let back = 0;
    await stage.loseIn(async () => {
      await drained();
      const crash = stage.crashAfter('removal of CONVERSATION');
      await outbox.holdDuring(() => post(4));
      sent += 4 * threads.length;
      await crash;
      const lost = await waiting('CONVERSATION');
      back += lost;
      return lost === 4 * threads.length;
    });
    outbox.beforeRemoval = () => Promise.resolve();
    await drained();
    await post(1);
    await drained();
    await handled();
    const { state } = await manager.streams.info('CONVERSATION');
    expect(state.messages - before.state.messages).toBe(sent + back + threads.length);
    expect(await countsOf()).toEqual(expectedCounts());
  });
});
