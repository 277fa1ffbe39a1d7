import { sql } from 'kysely';
import { eventually, type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { TaskStage } from '../../test/task-stage.ts';
import { LocalWorkers } from './local-workers.ts';
import { TasksRepository } from './tasks.repository.ts';
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
    await eventually('they rest', () => Promise.resolve(local.findFree(lease('key')) !== undefined));
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
    await eventually('they rest', () => Promise.resolve(local.findFree(lease('key')) !== undefined));
    const doubtful = new LocalWorkers({
      afterEnd: (trx, callback) => bench.database.afterEnd(trx, () => callback('in_doubt')),
    });
    const worker = local.findFree(lease('key'));
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
    await eventually('they rest', () =>
      Promise.resolve(first.local.findFree(first.lease('key')) !== undefined),
    );
    const log: string[] = [];
    await bench.database.withSpaces([spaceId], async (trx) => {
      await first.tasks.enqueue(trx, [{ queue, id: 'left', key: 'key', spaceId, payload: {} }]);
      first.lose();
    });
    stage.start(async (task) => void log.push(`${task.id} ${task.attempt}`));
    await noneLeft();
    expect(log).toEqual(['left 2']);
  });
});
