import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { createDatabase } from '@parley/database';
import { sql } from 'kysely';
import {
  eventually,
  createStream,
  type MechanismBench,
  type NatsBench,
  openMechanismBench,
  openNatsBench,
  postedEvent,
} from '../../test/bench.ts';
import {
  type ConsumerBench,
  countingHandler,
  counts,
  makeRunner,
  type Posted,
  publish,
  startConsumer,
} from '../../test/consumer-bench.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import { PARKED_BEHIND, ParkedRepository } from '../dead-letters/parked.repository.ts';
import { LostLeaseError, RetryableError } from '../errors.ts';
import type { Lease } from '../leases/leases.ts';
import type { EventHandler } from './consumer-runner.ts';

describe('a consumer of a stream', () => {
  let bench: MechanismBench;
  let server: NatsBench;
  let nats: NatsConnection;
  let letters: DeadLetters;
  const running: ConsumerBench[] = [];

  beforeEach(async () => {
    [bench, server] = await Promise.all([openMechanismBench(), openNatsBench()]);
    nats = await server.connect();
    letters = new DeadLetters(new ParkedRepository(bench.runner, 'conversation'));
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((consumer) => consumer.stop()));
    await server.close();
    await bench.close();
  });

  function start(handlers: EventHandler[], options = {}): ConsumerBench {
    const consumer = startConsumer(
      { nats, database: bench.database, runner: bench.anotherRunner() },
      handlers,
      options,
    );
    running.push(consumer);
    return consumer;
  }

  async function post(...events: Posted[]): Promise<void> {
    for (const event of events) await publish(nats, event);
  }

  const reached = (expected: Record<string, number>): Promise<void> =>
    eventually(
      `counts are ${JSON.stringify(expected)}`,
      async () => JSON.stringify(await counts(bench.database)) === JSON.stringify(expected),
    );

  it('handles an event within milliseconds of its publishing', async () => {
    const seen = new Map<number, number>();
    start([countingHandler('own', ({ sequence }) => seen.set(sequence, performance.now()))]);
    await post({ thread: 'a', sequence: 1 });
    await eventually('the first is seen', () => seen.has(1));
    const took: number[] = [];
    for (let sequence = 2; sequence < 32; sequence += 1) {
      const sent = performance.now();
      await post({ thread: 'a', sequence });
      await eventually('it is seen', () => seen.has(sequence));
      took.push((seen.get(sequence) ?? 0) - sent);
    }
    const median = took.sort((a, b) => a - b)[15] ?? Infinity;
    expect(median).toBeLessThan(25);
  });

  it('goes on where it was, after a stop and after the server was killed', async () => {
    const first = start([countingHandler('own')]);
    await post({ thread: 'a', sequence: 1 }, { thread: 'b', sequence: 1 });
    await reached({ a: 1, b: 1 });
    await first.stop();
    await post({ thread: 'a', sequence: 2 });
    start([countingHandler('own')]);
    await reached({ a: 2, b: 1 });
    await server.kill();
    await server.start();
    const back = performance.now();
    await post({ thread: 'b', sequence: 2 });
    await reached({ a: 2, b: 2 });
    expect(performance.now() - back).toBeLessThan(3000);
  });

  it('keeps each key’s order across names in one batch', async () => {
    const order: string[] = [];
    const other = { ...postedEvent, name: 'conversation.edited' };
    const record =
      (name: string) =>
      async (events: { data: unknown }[]): Promise<void> => {
        for (const { data } of events)
          order.push(`${(data as Posted).thread}${name}${(data as Posted).sequence}`);
        return Promise.resolve();
      };
    for (let sequence = 1; sequence <= 40; sequence += 1) {
      for (const thread of ['a', 'b', 'c']) {
        const name = (sequence + thread.charCodeAt(0)) % 3 === 0 ? other.name : postedEvent.name;
        await jetstream(nats).publish(`${name}.space_a.${thread}`, JSON.stringify({ thread, sequence }));
      }
    }
    start([
      { definition: postedEvent, dedupe: 'sequence', handle: record('') },
      { definition: other, dedupe: 'sequence', handle: record('') },
    ]);
    await eventually('all are handled', () => order.length === 120);
    for (const thread of ['a', 'b', 'c'])
      expect(order.filter((one) => one.startsWith(thread))).toEqual(
        Array.from({ length: 40 }, (_value, index) => `${thread}${index + 1}`),
      );
  });

  it.each(['sequence', 'inbox'] as const)(
    'drops by %s what was published twice, and all that a new stream repeats',
    async (dedupe) => {
      start([countingHandler(dedupe)]);
      await post({ thread: 'a', sequence: 1 }, { thread: 'a', sequence: 2 }, { thread: 'b', sequence: 1 });
      await reached({ a: 2, b: 1 });
      const manager = await jetstreamManager(nats);
      await manager.streams.delete('CONVERSATION');
      await createStream(nats, 'second');
      await post({ thread: 'b', sequence: 1 }, { thread: 'a', sequence: 1 }, { thread: 'a', sequence: 2 });
      await post({ thread: 'a', sequence: 3 }, { thread: 'b', sequence: 2 });
      await reached({ a: 3, b: 2 });
      const { rows } = await sql`SELECT DISTINCT stream_epoch FROM position`.execute(bench.runner.kysely);
      expect(rows).toEqual([{ stream_epoch: 'second' }]);
    },
  );

  it('reads what a stream numbers anew after it lost its end', async () => {
    const first = start([countingHandler('sequence')]);
    for (let sequence = 1; sequence <= 5; sequence += 1) await post({ thread: 'a', sequence });
    await reached({ a: 5 });
    await first.stop();
    const manager = await jetstreamManager(nats);
    await manager.streams.delete('CONVERSATION');
    await createStream(nats, 'first');
    await post({ thread: 'a', sequence: 5 });
    start([countingHandler('sequence')]);
    await eventually('the position is that of the shorter stream', async () => {
      const { rows } = await sql<{
        position: number;
      }>`SELECT max(position) AS position FROM position`.execute(bench.runner.kysely);
      return rows[0]?.position === 1;
    });
    await post({ thread: 'a', sequence: 6 });
    await reached({ a: 6 });
  });

  it('tries again what failed once, and leaves no trace', async () => {
    let failed = false;
    const handler = countingHandler('own', () => {
      if (!failed) {
        failed = true;
        throw new Error('once');
      }
    });
    start([handler]);
    await post({ thread: 'a', sequence: 1 }, { thread: 'a', sequence: 2 });
    await reached({ a: 2 });
    expect(failed).toBe(true);
    expect(await letters.list()).toEqual([]);
    const { rows } = await sql`SELECT 1 FROM attempt`.execute(bench.runner.kysely);
    expect(rows).toEqual([]);
  });

  it('parks an event that cannot be handled with its key’s later ones, while others go on, and replays them', async () => {
    let bad = true;
    const handler = countingHandler('own', ({ text }) => {
      if (text === 'bad' && bad) throw new Error('The data is bad.');
    });
    const { runner } = start([handler]);
    await post(
      { thread: 'a', sequence: 1 },
      { thread: 'a', sequence: 2, text: 'bad' },
      { thread: 'b', sequence: 1 },
      { thread: 'a', sequence: 3 },
      { thread: 'b', sequence: 2 },
    );
    await reached({ a: 1, b: 2 });
    await eventually('both are parked', async () => (await letters.list()).length === 2);
    expect(await letters.list()).toMatchObject([
      { key: 'a', attempts: 5, reason: 'The data is bad.', content: { data: { sequence: 2 } } },
      { key: 'a', attempts: 0, reason: PARKED_BEHIND, content: { data: { sequence: 3 } } },
    ]);
    expect(runner.stats.parked).toBe(2);
    const { rows } = await sql`SELECT shard FROM outbox`.execute(bench.runner.kysely);
    expect(rows).toEqual([{ shard: 'DEAD_LETTER' }, { shard: 'DEAD_LETTER' }]);
    bad = false;
    expect(await letters.replay({ key: 'a' })).toBe(2);
    await post({ thread: 'a', sequence: 4 });
    await reached({ a: 4, b: 2 });
    expect(await letters.list()).toEqual([]);
  });

  it('parks an event at its first attempt when the database rejects a value of it', async () => {
    const cause = Object.assign(new Error('invalid byte sequence'), { code: '22021' });
    const { runner } = start([
      countingHandler('own', ({ text }) => {
        if (text === 'bad') throw new RetryableError('Not stored.', { cause });
      }),
    ]);
    await post({ thread: 'a', sequence: 1, text: 'bad' }, { thread: 'b', sequence: 1 });
    await reached({ b: 1 });
    await eventually('it is parked', async () => (await letters.list()).length === 1);
    expect(await letters.list()).toMatchObject([{ key: 'a', attempts: 1, reason: 'invalid byte sequence' }]);
    expect(runner.stats.retries).toBe(1);
  });

  it('parks what it cannot read, whatever it holds, and goes on', async () => {
    start([countingHandler('own')]);
    const raw = (subject: string, text: string): Promise<unknown> => jetstream(nats).publish(subject, text);
    await raw('conversation.posted.space_a.a', '{"thread": "a", ');
    await raw('conversation.posted.space_a.a', JSON.stringify({ thread: 'a', sequence: 'one\0\ud800' }));
    await raw('conversation.posted.space-a.a', JSON.stringify({ thread: 'a', sequence: 1 }));
    await raw('conversation.posted.space_a.a=zz', JSON.stringify({ thread: 'a', sequence: 1 }));
    await raw('conversation.posted.space_a.a', '['.repeat(200_000));
    await raw('conversation.other.space_a.a', 'nobody reads this');
    await post({ thread: 'b', sequence: 1 });
    await reached({ b: 1 });
    await eventually('all are parked', async () => (await letters.list()).length === 5);
    const reasons = (await letters.list()).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason.startsWith('It cannot be read as JSON'))).toHaveLength(2);
    expect(reasons).toContain('The subject holds "space-a".');
    expect(reasons).toContain('The subject holds "a=zz".');
    expect(reasons.find((reason) => reason.startsWith('It does not fit'))).toContain('sequence');
  });

  it('keeps parked what still cannot be read when it is replayed', async () => {
    start([countingHandler('own')]);
    await jetstream(nats).publish('conversation.posted.space_a.a', '{}');
    await eventually('it is parked', async () => (await letters.list()).length === 1);
    await letters.replay({ key: 'a' });
    await eventually('the replay failed', async () => (await letters.list())[0]?.attempts === 1);
    expect(await counts(bench.database)).toEqual({});
  });

  it('changes nothing for one whose lease has passed to another without its knowledge', async () => {
    const forged = (epoch: number): Lease => ({
      name: 'forged',
      epoch,
      signal: ended.signal,
      drainSignal: ended.signal,
      expired: false,
      isHeld: () => true,
    });
    const ended = new AbortController();
    const partitions = [0, 1, 2, 3];
    const runs = (epoch: number, seen?: () => void): Promise<unknown>[] => {
      const parts = { nats, database: bench.database, runner: bench.anotherRunner() };
      const runner = makeRunner(parts, [countingHandler('own', seen)]);
      return partitions.map((partition) =>
        runner.run(partition, forged(epoch)).catch((error: unknown) => error),
      );
    };
    const zombies = runs(1);
    await post({ thread: 'a', sequence: 1 });
    await reached({ a: 1 });
    const heirs = runs(2);
    await eventually('all partitions have passed on', async () => {
      const { rows } = await sql`SELECT 1 FROM position WHERE lease_epoch = 2`.execute(bench.runner.kysely);
      return rows.length === 4;
    });
    for (let sequence = 2; sequence <= 30; sequence += 1)
      await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map((thread) =>
          post({ thread, sequence: thread === 'a' ? sequence : sequence - 1 }),
        ),
      );
    await reached({ a: 30, b: 29, c: 29, d: 29, e: 29 });
    expect((await Promise.race(zombies)) as Error).toBeInstanceOf(LostLeaseError);
    await expect(runs(1)[0]).resolves.toMatchObject({ message: 'The position is held under a later lease.' });
    ended.abort();
    await Promise.all(heirs);
  });

  it('waits out a PostgreSQL that breaks connections, without counting that against the event', async () => {
    start([countingHandler('own')]);
    const owner = createDatabase({
      url: process.env['PARLEY_TEST_DATABASE_URL'] ?? '',
      applicationName: 'spec',
    });
    const name = new URL(bench.serviceUrl).pathname.slice(1);
    let broken = 0;
    const breaking = setInterval(() => {
      void sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename = 'parley_conversation' AND state <> 'idle' AND datname = ${name}`
        .execute(owner.kysely)
        .then(({ rows }) => (broken += rows.length));
    }, 70);
    for (let sequence = 1; sequence <= 60; sequence += 1) await post({ thread: 'a', sequence, text: 'slow' });
    await eventually('enough was broken', () => broken > 5, 20_000);
    clearInterval(breaking);
    await eventually('all are handled', async () => (await counts(bench.database))['a'] === 60, 20_000);
    await owner.close();
    expect(await counts(bench.database)).toEqual({ a: 60 });
    expect(await letters.list()).toEqual([]);
  });

  it('passes over what concerns nobody without a transaction, and follows with the next report', async () => {
    const concerns = ({ data }: { data: unknown }): boolean => (data as Posted).text !== 'skip';
    const handler = { ...countingHandler('own'), concerns };
    const { runner } = start([handler], { reportIntervalMs: 3000 });
    await post({ thread: 'a', sequence: 1 });
    await reached({ a: 1 });
    const { batches } = runner.stats;
    for (let sequence = 1; sequence <= 20; sequence += 1) await post({ thread: 'x', sequence, text: 'skip' });
    await post({ thread: 'a', sequence: 2 });
    await reached({ a: 2 });
    expect(runner.stats.batches).toBe(batches + 1);
    expect(runner.stats.events).toBe(2);
    const positions = async (): Promise<number> => {
      const { rows } = await sql<{ last: number }>`SELECT max(position) AS last FROM position`.execute(
        bench.runner.kysely,
      );
      return rows[0]?.last ?? 0;
    };
    await post({ thread: 'x', sequence: 21, text: 'skip' });
    await eventually('the position follows', async () => (await positions()) === 23, 8000);
    expect(await counts(bench.database)).toEqual({ a: 2 });
  });

  it('moves quiet partitions up to the end of the stream', async () => {
    start([countingHandler('own')], { reportIntervalMs: 100 });
    for (let sequence = 1; sequence <= 20; sequence += 1) await post({ thread: 'a', sequence });
    await eventually('every partition stands at the end', async () => {
      const { rows } = await sql<{ position: number }>`SELECT position FROM position`.execute(
        bench.runner.kysely,
      );
      return rows.length === 4 && rows.every(({ position }) => position === 20);
    });
    await post({ thread: 'a', sequence: 21 }, { thread: 'b', sequence: 1 });
    await reached({ a: 21, b: 1 });
  });
});
