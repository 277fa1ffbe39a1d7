import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Trx } from '@parley/database';
import { sql } from 'kysely';
import {
  findSequenceBreaks,
  eventually,
  createStream,
  type MechanismBench,
  type NatsBench,
  openMechanismBench,
  openNatsBench,
  postedEvent,
  readStream,
} from '../../test/bench.ts';
import { HeldLease } from '../leases/lease.ts';
import { silentLogger } from '../logger.ts';
import { Wakers } from '../wakers.ts';
import { EventLog } from './event-log.ts';
import { OutboxRepository, type OutboxRow } from './outbox.repository.ts';
import { Relay } from './relay.ts';

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const shard = 'CONVERSATION';
const spaceId = 'space_a';

describe('EventLog and Relay', () => {
  let bench: MechanismBench;
  let broker: NatsBench;
  let nats: NatsConnection;
  let wakers: Wakers;
  let events: EventLog;
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    [bench, broker] = await Promise.all([openMechanismBench(), openNatsBench()]);
    nats = await broker.connect();
    wakers = new Wakers(bench.database);
    events = new EventLog(wakers);
  });

  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
    await broker.close();
    await bench.close();
  });

  function startRelay(
    outbox = new OutboxRepository(bench.runner),
    of = shard,
  ): { relay: Relay; lease: HeldLease } {
    const relay = new Relay({ outbox, nats, wakers, logger: silentLogger, source: 'conversation' });
    const lease = new HeldLease({ name: `relay.${of}`, epoch: 1, expired: false }, Number.POSITIVE_INFINITY);
    const done = relay.run(of, lease);
    stops.push(async () => {
      lease.markLost();
      await done;
    });
    return { relay, lease };
  }

  /** One transaction: locks the key's row, counts it on, appends that many events. */
  async function post(thread: string, count = 1): Promise<void> {
    await bench.database.withSpaces([spaceId], async (trx) => {
      const { rows } = await sql<{ last: number }>`
        INSERT INTO thread (id, last_sequence) VALUES (${thread}, ${count})
        ON CONFLICT (id) DO UPDATE SET last_sequence = thread.last_sequence + ${count} RETURNING last_sequence AS last`.execute(
        trx,
      );
      const last = rows[0]?.last ?? 0;
      await events.append(
        trx,
        Array.from({ length: count }, (_value, index) => ({
          definition: postedEvent,
          spaceId,
          data: { thread, sequence: last - count + 1 + index },
        })),
      );
    });
  }

  async function writers(count: number, each: number, hot: number): Promise<number> {
    let appended = 0;
    await Promise.all(
      Array.from({ length: count }, async (_value, writer) => {
        for (let index = 0; index < each; index += 1) {
          const size = index % 7 === 0 ? 3 : 1;
          await post(`hot_${(writer + index) % hot}`, size);
          appended += size;
        }
      }),
    );
    return appended;
  }

  const waiting = async (): Promise<number> => {
    const lag = await new OutboxRepository(bench.runner).lag();
    return lag.reduce((sum, { rows }) => sum + rows, 0);
  };
  const drained = (timeoutMs?: number): Promise<void> =>
    eventually('the outbox is empty', async () => (await waiting()) === 0, timeoutMs);

  it('keeps the order of hot keys under 20 writers: none lost, doubled or swapped', async () => {
    const { relay } = startRelay();
    const appended = await writers(20, 100, 4);
    await drained();
    const stored = await readStream(nats);
    expect(stored).toHaveLength(appended);
    expect(findSequenceBreaks(stored)).toEqual([]);
    expect(relay.stats).toMatchObject({ published: appended, failures: 0, duplicates: 0 });
    expect(relay.stats.batches).toBeGreaterThan(0);
  });

  it('publishes within milliseconds of the commit, with id, headers and trace', async () => {
    startRelay();
    await post('quick');
    await drained();
    const waits: number[] = [];
    const manager = await jetstreamManager(nats);
    for (let index = 0; index < 30; index += 1) {
      await sleep(20);
      const before = performance.now();
      await post('quick');
      const { last_seq: last } = (await manager.streams.info(shard)).state;
      if (last < index + 2)
        await eventually(
          'it is there',
          async () => (await manager.streams.info(shard)).state.last_seq >= index + 2,
        );
      waits.push(performance.now() - before);
    }
    waits.sort((a, b) => a - b);
    expect(waits[15]).toBeLessThan(60);
    const message = await manager.streams.getMessage(shard, { seq: 1 });
    expect(message?.subject).toMatch(/^conversation\.posted\.space_a\.quick\.\d$/u);
    expect(message?.header.get('ce-type')).toBe('conversation.posted');
    expect(message?.header.get('Nats-Msg-Id')).toBe(message?.header.get('ce-id'));
    expect(message?.header.get('parley-sequence')).toBe('1');
    expect(message?.json()).toEqual({ thread: 'quick', sequence: 1, text: '' });
  });

  it('loses and swaps nothing while nats-server is killed and started again under load', async () => {
    const { relay } = startRelay();
    let writing = true;
    const killer = (async () => {
      for (let round = 0; round < 4 && writing; round += 1) {
        await sleep(300);
        await broker.kill();
        await sleep(400);
        await broker.start();
      }
    })();
    let appended = 0;
    for (let round = 0; round < 6; round += 1) {
      appended += await writers(10, 20, 4);
      await sleep(250);
    }
    writing = false;
    await killer;
    await drained(20_000);
    const stored = await readStream(nats);
    expect(stored).toHaveLength(appended);
    expect(findSequenceBreaks(stored)).toEqual([]);
    expect(relay.stats.failures).toBeGreaterThan(0);
  });

  /** Loses the answer to every other removal; one that is `dead` removes nothing. */
  class Forgetful extends OutboxRepository {
    isDead = false;
    private removals = 0;
    override nextRows(...args: Parameters<OutboxRepository['nextRows']>): Promise<OutboxRow[]> {
      const [, , acknowledged = []] = args;
      if (acknowledged.length > 0) this.fail();
      return super.nextRows(...args);
    }
    override async remove(...args: Parameters<OutboxRepository['remove']>): Promise<void> {
      this.fail();
      await super.remove(...args);
    }
    private fail(): void {
      this.removals += 1;
      if (this.isDead || this.removals % 2 === 1) throw new Error('Connection terminated unexpectedly');
    }
  }

  it('stores once what was acknowledged but not yet removed when the process or the database stopped', async () => {
    await post('again', 40);
    await post('again');
    const outbox = new Forgetful(bench.runner);
    outbox.isDead = true;
    const first = startRelay(outbox);
    await eventually('all is published', () => Promise.resolve(first.relay.stats.published === 41));
    first.lease.markLost();
    expect(await waiting()).toBe(41);
    const { relay } = startRelay();
    await drained();
    await post('again', 2);
    await drained();
    const stored = await readStream(nats);
    expect(stored).toHaveLength(43);
    expect(findSequenceBreaks(stored)).toEqual([]);
    expect(relay.stats.fallbacks).toBeGreaterThan(0);
    expect(relay.stats.duplicates).toBeGreaterThan(0);
  });

  it('publishes nothing again while it knows what is acknowledged, though its removal fails', async () => {
    const { relay } = startRelay(new Forgetful(bench.runner));
    await post('known', 40);
    await drained();
    await post('known', 2);
    await drained();
    expect(findSequenceBreaks(await readStream(nats))).toEqual([]);
    expect(relay.stats).toMatchObject({ published: 42, duplicates: 0 });
    expect(relay.stats.failures).toBeGreaterThan(0);
  });

  it('goes on after an outage without leaving anything in the client for later', async () => {
    const { relay } = startRelay();
    await writers(4, 5, 4);
    await drained();
    await broker.kill();
    const appended = await writers(10, 30, 4);
    await sleep(2500);
    expect(relay.stats.errors[shard]).toBeDefined();
    expect(await waiting()).toBe(appended);
    await broker.start();
    await drained();
    expect(findSequenceBreaks(await readStream(nats))).toEqual([]);
    expect(relay.stats.duplicates).toBeLessThan(600);
  });

  it('publishes nothing once the lease is past its deadline, whatever it has read', async () => {
    class Frozen extends OutboxRepository {
      override async nextRows(...args: Parameters<OutboxRepository['nextRows']>): Promise<OutboxRow[]> {
        const rows = await super.nextRows(...args);
        if (rows.length > 0) await sleep(300);
        return rows;
      }
    }
    const { relay, lease } = startRelay(new Frozen(bench.runner));
    await post('frozen', 10);
    await sleep(50);
    lease.renew(performance.now() + 50);
    await sleep(500);
    expect(relay.stats.published).toBe(0);
    expect(await readStream(nats)).toEqual([]);
    startRelay();
    await drained();
    expect(findSequenceBreaks(await readStream(nats))).toEqual([]);
  });

  it('swaps nothing even when a thawed relay sends what it read long ago', async () => {
    class Slow extends OutboxRepository {
      override async nextRows(...args: Parameters<OutboxRepository['nextRows']>): Promise<OutboxRow[]> {
        const rows = await super.nextRows(...args);
        await sleep(100 + Math.random() * 200);
        return rows;
      }
    }
    startRelay(new Slow(bench.runner));
    startRelay();
    const appended = await writers(20, 40, 4);
    await drained();
    await sleep(600);
    const stored = await readStream(nats);
    expect(stored).toHaveLength(appended);
    expect(findSequenceBreaks(stored)).toEqual([]);
  });

  it('publishes all events again, in order, when the stream is new and empty', async () => {
    const first = startRelay();
    await writers(5, 20, 4);
    await drained();
    first.lease.markLost();
    const manager = await jetstreamManager(nats);
    const before = await readStream(nats);
    await manager.streams.delete(shard);
    await post('hot_0', 8);
    await createStream(nats, 'second');
    const { relay } = startRelay();
    await drained();
    const stored = await readStream(nats);
    expect(stored).toHaveLength(before.length + 8);
    expect(findSequenceBreaks(stored)).toEqual([]);
    expect(relay.stats.requeued).toBe(before.length);
  });

  it('notices a new stream that takes the place of the old one while it runs', async () => {
    startRelay();
    await writers(5, 20, 4);
    await drained();
    const before = await readStream(nats);
    await (await jetstreamManager(nats)).streams.delete(shard);
    await post('hot_0', 8);
    await sleep(300);
    await createStream(nats, 'second');
    await drained();
    const stored = await readStream(nats);
    expect(stored).toHaveLength(before.length + 8);
    expect(findSequenceBreaks(stored)).toEqual([]);
  });

  it('draws sequence, event and outbox row in one statement', async () => {
    startRelay();
    await sql`INSERT INTO thread (id) VALUES ('single')`.execute(bench.database.kysely);
    const one = async (trx: Trx<unknown>): Promise<number> => {
      const event = {
        definition: postedEvent,
        spaceId,
        data: { thread: 'single', sequence: 0, text: 'hello' },
      };
      const fragment = events.sqlFragment({
        ...event,
        from: 'counter',
        sequence: sql`counter.last_sequence`,
        overlay: sql`jsonb_build_object('sequence', counter.last_sequence)`,
      });
      const { rows } = await sql<{ sequence: number }>`
        WITH counter AS (UPDATE thread SET last_sequence = last_sequence + 1 WHERE id = 'single' RETURNING last_sequence), ${fragment}
        SELECT last_sequence AS sequence FROM counter`.execute(trx);
      events.wakeRelays(trx, [event]);
      return rows[0]?.sequence ?? 0;
    };
    const sequences = await Promise.all(
      Array.from({ length: 40 }, () => bench.database.withSpaces([spaceId], one)),
    );
    await drained();
    expect(sequences.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_value, index) => index + 1));
    expect(findSequenceBreaks(await readStream(nats))).toEqual([]);
  });

  it('writes key-value entries in order and never a lower version', async () => {
    await new Kvm(nats).create('channels');
    const put = (version: number, value: unknown): Promise<void> =>
      bench.database.withSpaces([spaceId], (trx) =>
        events.put(trx, 'channels', { spaceId, key: 'chan_1', version, value }),
      );
    await put(1, { status: 'new' });
    await put(3, { status: 'active' });
    await put(2, { status: 'stale' });
    startRelay(undefined, 'kv:channels');
    await drained();
    const bucket = await new Kvm(nats).open('channels');
    expect((await bucket.get('chan_1'))?.json()).toEqual({ version: 3, value: { status: 'active' } });
    await put(4, null);
    await drained();
    expect((await bucket.get('chan_1'))?.json()).toEqual({ version: 4, value: null });
  });

  it('refuses data that does not fit, or is too large, before anything is stored', async () => {
    const append = (data: unknown): Promise<void> =>
      bench.database.withSpaces([spaceId], (trx) =>
        events.append(trx, [{ definition: postedEvent, spaceId, data }]),
      );
    await expect(append({ thread: 'x' })).rejects.toThrow('sequence');
    await expect(append({ thread: 'x', sequence: 1, text: 'x'.repeat(1_100_000) })).rejects.toThrow('asset');
    expect(await waiting()).toBe(0);
  });

  it('hides events of other spaces, refuses to append for them, and lets nobody at the partitions', async () => {
    await post('mine');
    const seen = await bench.database.withSpaces(['space_b'], (trx) => sql`SELECT * FROM event`.execute(trx));
    expect(seen.rows).toEqual([]);
    const foreign = bench.database.withSpaces(['space_b'], (trx) =>
      events.append(trx, [{ definition: postedEvent, spaceId, data: { thread: 'x', sequence: 1 } }]),
    );
    await expect(foreign).rejects.toThrow(/row-level security/u);
    for (let index = 0; index < 8; index += 1) {
      const { rows } = await sql`SELECT * FROM ${sql.table(`event_${index}`)}`
        .execute(bench.runner.kysely)
        .catch(() => ({ rows: [] }));
      const direct = await bench.database.withSpaces([spaceId], (trx) =>
        sql`SELECT * FROM ${sql.table(`event_${index}`)}`.execute(trx),
      );
      expect([...rows, ...direct.rows]).toEqual([]);
    }
  });
});
