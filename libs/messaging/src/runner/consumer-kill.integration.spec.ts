import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  eventually,
  type MechanismBench,
  type NatsBench,
  openMechanismBench,
  openNatsBench,
} from '../../test/bench.ts';
import { counts, publish } from '../../test/consumer-bench.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import { ParkedRepository } from '../dead-letters/parked.repository.ts';

const program = fileURLToPath(new URL('../../test/consumer-process.ts', import.meta.url));

describe('processes that consume', () => {
  const children = new Set<ChildProcess>();
  let bench: MechanismBench;
  let server: NatsBench;
  let nats: NatsConnection;

  beforeEach(async () => {
    [bench, server] = await Promise.all([openMechanismBench(), openNatsBench()]);
    nats = await server.connect();
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await server.close();
    await bench.close();
  });

  function start(): ChildProcess {
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--no-warnings', program, bench.serviceUrl, bench.runnerUrl, server.url],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  it('handle each event once and in its key’s order, while they and nats-server are killed and frozen', async () => {
    const threads = [
      'hot_0',
      'hot_1',
      'hot_2',
      'hot_3',
      ...Array.from({ length: 12 }, (_v, n) => `cold_${n}`),
    ];
    const pool = [start(), start()];
    const sent = new Map<string, number>();
    let writing = true;
    const writers = threads.map(async (thread) => {
      for (let sequence = 1; writing; sequence += 1) {
        await publish(nats, { thread, sequence });
        sent.set(thread, sequence);
        if (thread.startsWith('cold')) await sleep(100);
      }
    });
    for (let round = 0; round < 8; round += 1) {
      await sleep(600 + Math.random() * 600);
      const victim = round % 2;
      if (round % 4 === 1) {
        await server.kill();
        await server.start();
      } else if (round % 4 === 3) {
        pool[victim]?.kill('SIGSTOP');
        await sleep(2200);
        pool[victim]?.kill('SIGCONT');
      } else {
        pool[victim]?.kill('SIGKILL');
        pool[victim] = start();
      }
    }
    writing = false;
    await Promise.all(writers);
    const total = [...sent.values()].reduce((sum, one) => sum + one, 0);
    await eventually(
      'all are handled',
      async () => {
        const found = await counts(bench.database);
        return threads.every((thread) => (found[thread] ?? 0) >= (sent.get(thread) ?? 0));
      },
      20_000,
    );
    await sleep(300);
    expect(total).toBeGreaterThan(1000);
    expect(await counts(bench.database)).toEqual(Object.fromEntries([...sent].sort()));
  }, 90_000);

  it('refuse the commit of one that was frozen in the middle of an event', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-freeze-'));
    const mark = join(folder, 'frozen');
    const first = start();
    await publish(nats, { thread: 'a', sequence: 1 });
    await eventually('the first works', async () => (await counts(bench.database))['a'] === 1);
    await publish(nats, { thread: 'a', sequence: 2, text: `freeze:${mark}` });
    await eventually('it is frozen', () => existsSync(mark));
    const frozen = performance.now();
    start();
    await publish(nats, { thread: 'a', sequence: 3 });
    await eventually('another goes on', async () => (await counts(bench.database))['a'] === 3);
    expect(performance.now() - frozen).toBeLessThan(6000);
    first.kill('SIGCONT');
    await publish(nats, { thread: 'a', sequence: 4 });
    await eventually('they go on together', async () => (await counts(bench.database))['a'] === 4);
    await sleep(1000);
    expect(await counts(bench.database)).toEqual({ a: 4 });
    rmSync(folder, { recursive: true });
  }, 60_000);

  /** Starts a process again each time it ends, until told otherwise. */
  function supervise(): { deaths(): number; end(): void } {
    let deaths = 0;
    let done = false;
    const begin = (): void => {
      start().once('exit', () => {
        if (done) return;
        deaths += 1;
        begin();
      });
    };
    begin();
    return { deaths: () => deaths, end: () => (done = true) };
  }

  it('park an event that ends its process, after five of them, wherever it stood in a batch', async () => {
    const letters = new DeadLetters(new ParkedRepository(bench.runner, 'conversation'));
    for (let sequence = 1; sequence <= 40; sequence += 1)
      await publish(nats, { thread: 'a', sequence, text: sequence === 30 ? 'die' : '' });
    await publish(nats, { thread: 'b', sequence: 1 });
    const process = supervise();
    await eventually('it is parked', async () => (await letters.list()).length === 11, 50_000);
    process.end();
    const [entry] = await letters.list();
    expect(entry).toMatchObject({ reason: 'It ended the process.', content: { data: { sequence: 30 } } });
    // The first death is that of a whole batch, which says nothing of any one event.
    expect(process.deaths()).toBeLessThanOrEqual(7);
    expect(await counts(bench.database)).toEqual({ a: 29, b: 1 });
  }, 90_000);

  it('park nothing that was only at work beside an event that ends its process', async () => {
    const letters = new DeadLetters(new ParkedRepository(bench.runner, 'conversation'));
    const innocents = Array.from({ length: 24 }, (_value, index) => `slow_${index}`);
    for (const thread of innocents) await publish(nats, { thread, sequence: 1, text: 'slow' });
    await publish(nats, { thread: 'killer', sequence: 1, text: 'die later' });
    for (const thread of innocents) await publish(nats, { thread, sequence: 2, text: 'slower' });
    const process = supervise();
    await eventually('one is parked', async () => (await letters.list()).length > 0, 60_000);
    process.end();
    const all = Object.fromEntries(innocents.map((thread) => [thread, 2]));
    await eventually(
      'all others are handled',
      async () => {
        const found = await counts(bench.database);
        return innocents.every((thread) => found[thread] === 2);
      },
      60_000,
    );
    expect(process.deaths()).toBeGreaterThanOrEqual(5);
    expect((await letters.list()).map(({ key }) => key)).toEqual(['killer']);
    expect(await counts(bench.database)).toEqual(all);
  }, 150_000);
});
