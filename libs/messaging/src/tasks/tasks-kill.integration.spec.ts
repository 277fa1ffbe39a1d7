import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isRetryable } from '@parley/database';
import { sql } from 'kysely';
import { eventually, type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { Wakers } from '../wakers.ts';
import { type NewTask, Tasks } from './tasks.ts';
import { TasksRepository } from './tasks.repository.ts';

const program = fileURLToPath(new URL('../../test/task-process.ts', import.meta.url));
const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const keys = 12;

describe('Tasks under kill -9 and SIGSTOP', () => {
  let bench: MechanismBench;
  const children = new Set<ChildProcess>();

  beforeAll(async () => {
    bench = await openMechanismBench();
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await bench.close();
  });

  function start(): ChildProcess {
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--no-warnings', program, bench.serviceUrl, bench.runnerUrl],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  it('acts once per task, in each key’s order, over two processes killed and frozen in turn', async () => {
    const tasks = new Tasks(new TasksRepository(bench.runner), new Wakers(bench.database));
    const pool = [start(), start()];
    let enqueued = 0;
    let writing = true;
    /** A busy machine may hold this process up for longer than PostgreSQL lets a transaction idle: it is done again then. */
    const enqueue = (batch: NewTask[]): Promise<void> =>
      bench.database
        .withSpaces(['space_a'], (trx) => tasks.enqueue(trx, batch))
        .catch((error: unknown) => {
          if (!isRetryable(error)) throw error;
          return enqueue(batch);
        });
    const writer = (async () => {
      while (writing) {
        enqueued += 1;
        const id = String(enqueued).padStart(5, '0');
        const batch = Array.from({ length: keys }, (_value, key) => ({
          queue: 'delivery',
          id: `key${key}_${id}`,
          key: `key${key}`,
          spaceId: 'space_a',
          payload: {},
        }));
        await enqueue(batch);
        await sleep(15);
      }
    })();
    for (let round = 0; round < 6; round += 1) {
      await sleep(700 + Math.random() * 600);
      const victim = round % 2;
      if (round % 3 === 2) {
        pool[victim]?.kill('SIGSTOP');
        await sleep(2200);
        pool[victim]?.kill('SIGCONT');
      } else {
        pool[victim]?.kill('SIGKILL');
        pool[victim] = start();
      }
    }
    writing = false;
    await writer;
    const left = async (): Promise<number> => {
      const { rows } = await sql<{ count: number }>`SELECT count(*) AS count FROM task`.execute(
        bench.runner.kysely,
      );
      return rows[0]?.count ?? 0;
    };
    await eventually('no task is left', async () => (await left()) === 0, 20_000);
    await sleep(300);
    const { rows } = await sql<{ id: string; count: number }>`
      SELECT id, last_sequence AS count FROM thread ORDER BY id`.execute(bench.database.kysely);
    expect(rows.filter(({ id }) => id.startsWith('wrong'))).toEqual([]);
    expect(rows.map(({ count }) => count)).toEqual(Array.from({ length: keys }, () => enqueued));
  }, 60_000);
});
