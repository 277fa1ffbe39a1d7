import type { Trx } from '@parley/database';
import { sql } from 'kysely';
import { eventually, type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { TaskStage } from '../../test/task-stage.ts';
import { LocalWorkers } from './local-workers.ts';
import { type TakenTask, type TaskInsert, TasksRepository } from './tasks.repository.ts';
import { TASK_SHARDS, Tasks } from './tasks.ts';

const { queue, spaceId } = TaskStage;
const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('Tasks of a process that holds their shard', () => {
  let bench: MechanismBench;
  let stage: TaskStage;

  beforeAll(async () => {
    bench = await openMechanismBench();
    stage = new TaskStage(bench);
  });

  afterEach(async () => {
    await stage.end();
    await sql`DELETE FROM task`.execute(bench.runner.kysely);
  });

  afterAll(() => bench.close());

  const noneLeft = (): Promise<void> =>
    eventually('no task is left', async () => {
      const { rows } = await sql`SELECT FROM task`.execute(bench.runner.kysely);
      return rows.length === 0;
    });

  const probe = { spaceId, id: 'probe', key: 'key' };
  const rests = (local: LocalWorkers, name: string): Promise<void> =>
    eventually('they rest', () => Promise.resolve(local.findFree(name, probe) !== undefined));

  /** Counts looks for tasks, and writes through the workers of its process. */
  class Counting extends TasksRepository {
    looks = 0;
    override load(...args: Parameters<TasksRepository['load']>): ReturnType<TasksRepository['load']> {
      this.looks += 1;
      return super.load(...args);
    }
  }

  it('begins what its own process writes without a look for it, with the first attempt counted', async () => {
    const repository = new Counting(bench.runner);
    const attempts: number[] = [];
    const busy = new Set<string>();
    const { local, wakers, lease } = stage.start(
      async (task) => {
        expect(busy.has(task.key)).toBe(false);
        busy.add(task.key);
        const { rows } = await sql<{
          attempts: number;
        }>`SELECT attempts FROM task WHERE id = ${task.id}`.execute(bench.runner.kysely);
        attempts.push(task.attempt, rows[0]?.attempts ?? 0);
        await sleep(10);
        busy.delete(task.key);
      },
      {},
      repository,
    );
    await eventually('all shards have looked', () => Promise.resolve(repository.looks >= TASK_SHARDS));
    await rests(local, lease('key'));
    const looks = repository.looks;
    const tasks = new Tasks(repository, wakers, local);
    const write = (ids: string[]): Promise<void> =>
      bench.database.withSpaces([spaceId], (trx) =>
        tasks.enqueue(
          trx,
          ids.map((id) => ({ queue, id, key: 'key', spaceId, payload: {} })),
        ),
      );
    await write(['first']);
    await noneLeft();
    expect(repository.looks).toBe(looks);
    // Two of a key in one transaction, one that comes while they are at work, one that is rolled back.
    await write(['a', 'b']);
    await write(['c']);
    await expect(
      bench.database.withSpaces([spaceId], async (trx) => {
        await tasks.enqueue(trx, [{ queue, id: 'never', key: 'other', spaceId, payload: {} }]);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await noneLeft();
    expect(attempts).toEqual(Array.from({ length: 8 }, () => 1));
  });

  it('does what was written when the answer of its commit is lost, once', async () => {
    const repository = new Counting(bench.runner);
    const log: string[] = [];
    const { local, wakers, lease } = stage.start(async (task) => void log.push(task.id), {}, repository);
    await rests(local, lease('key'));
    const doubtful = new LocalWorkers({
      afterEnd: (trx, callback) => bench.database.afterEnd(trx, () => callback('in_doubt')),
    });
    const worker = local.findFree(lease('key'), probe);
    if (worker) doubtful.add(worker);
    const tasks = new Tasks(repository, wakers, doubtful);
    await bench.database.withSpaces([spaceId], (trx) =>
      tasks.enqueue(trx, [{ queue, id: 'doubt', key: 'key', spaceId, payload: {} }]),
    );
    await noneLeft();
    expect(log).toEqual(['doubt']);
  });

  it('leaves to the next holder what its process wrote when it lost the lease', async () => {
    const first = stage.start(() => Promise.reject(new Error('It lost the lease.')));
    await rests(first.local, first.lease('key'));
    const log: string[] = [];
    await bench.database.withSpaces([spaceId], async (trx) => {
      await first.tasks.enqueue(trx, [{ queue, id: 'left', key: 'key', spaceId, payload: {} }]);
      first.lose();
    });
    stage.start(async (task) => void log.push(`${task.id} ${task.attempt}`));
    await noneLeft();
    expect(log).toEqual(['left 2']);
  });

  it('does a task once whose id is given twice', async () => {
    const log: unknown[] = [];
    const { local, lease, enqueue } = stage.start(async ({ payload }) => void log.push(payload));
    await rests(local, lease('key'));
    await enqueue([
      { id: 'twice', payload: 1 },
      { id: 'twice', payload: 2 },
    ]);
    await noneLeft();
    await sleep(50);
    expect(log).toEqual([1]);
  });

  it('gives back nothing that was written while it looked for what nobody knows', async () => {
    let committed: () => void = () => undefined;
    const commit = new Promise<void>((resolve) => (committed = resolve));
    let isLate = false;
    class Late extends TasksRepository {
      override async reclaim(...args: Parameters<TasksRepository['reclaim']>): Promise<void> {
        if (isLate) await commit;
        await super.reclaim(...args);
      }

      override async insert<Tables>(trx: Trx<Tables>, rows: readonly TaskInsert[]): Promise<TakenTask[]> {
        isLate = true;
        local.findFree(lease('key'), probe)?.forget([], true);
        await sleep(20);
        return super.insert(trx, rows);
      }
    }
    const log: string[] = [];
    const repository = new Late(bench.runner);
    const { local, wakers, lease } = stage.start(
      async (task) => {
        log.push(`${task.id} ${task.attempt}`);
        await sleep(100);
      },
      {},
      repository,
    );
    await rests(local, lease('key'));
    const tasks = new Tasks(repository, wakers, local);
    await bench.database.withSpaces([spaceId], (trx) =>
      tasks.enqueue(trx, [{ queue, id: 'one', key: 'key', spaceId, payload: {} }]),
    );
    committed();
    await noneLeft();
    expect(log).toEqual(['one 1']);
  });

  it('begins no task before one of its key whose commit is not yet known to be through', async () => {
    const log: string[] = [];
    const { local, enqueue, lease, wakers } = stage.start(async (task) => void log.push(task.id));
    await rests(local, lease('key'));
    const slow = new LocalWorkers({
      afterEnd: (trx, callback) =>
        bench.database.afterEnd(trx, (end) => void setTimeout(() => callback(end), 200)),
    });
    const worker = local.findFree(lease('key'), probe);
    if (worker) slow.add(worker);
    const tasks = new Tasks(new TasksRepository(bench.runner), wakers, slow);
    await bench.database.withSpaces([spaceId], (trx) =>
      tasks.enqueue(trx, [{ queue, id: 'first', key: 'key', spaceId, payload: {} }]),
    );
    await enqueue([{ id: 'second' }]);
    await noneLeft();
    expect(log).toEqual(['first', 'second']);
  });

  it('counts on no more places than there are, and takes the rest like any other', async () => {
    let busy = 0;
    let most = 0;
    const { local, lease, enqueue } = stage.start(
      async () => {
        busy += 1;
        most = Math.max(most, busy);
        await sleep(20);
        busy -= 1;
      },
      { concurrency: 2 },
    );
    await rests(local, lease('key'));
    const same = Array.from({ length: 400 }, (_value, index) => `key ${index}`).filter(
      (key) => lease(key) === lease('key'),
    );
    await enqueue(same.slice(0, 30).map((key) => ({ id: key, key })));
    const { rows } = await sql<{
      begun: number;
    }>`SELECT count(*)::int AS begun FROM task WHERE attempts > 0`.execute(bench.runner.kysely);
    expect(rows[0]?.begun).toBeLessThanOrEqual(4);
    await noneLeft();
    expect(most).toBe(2);
  });

  it('begins a retry in time that was put back while a look for tasks was under way', async () => {
    let postponed: () => void = () => undefined;
    const postponement = new Promise<void>((resolve) => (postponed = resolve));
    let isHeld = false;
    class Slow extends TasksRepository {
      override async load(...args: Parameters<TasksRepository['load']>): ReturnType<TasksRepository['load']> {
        const found = await super.load(...args);
        if (isHeld) await postponement.then(() => sleep(10));
        return found;
      }

      override async postpone(...args: Parameters<TasksRepository['postpone']>): Promise<void> {
        await super.postpone(...args);
        postponed();
      }
    }
    const attempts: number[] = [];
    const { local, lease, wakers, enqueue } = stage.start(
      async (task) => {
        attempts.push(task.attempt);
        if (task.attempt > 1) return;
        isHeld = true;
        wakers.wake(lease('key'));
        await sleep(50);
        throw new Error('Again.');
      },
      { backoffMs: () => 100 },
      new Slow(bench.runner),
    );
    await rests(local, lease('key'));
    await enqueue([{ id: 'again' }]);
    await noneLeft();
    expect(attempts).toEqual([1, 2]);
  });
});
