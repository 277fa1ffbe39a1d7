import type { Database } from '@parley/database';
import { sql } from 'kysely';
import { eventually, type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { type TaskProcess, type TaskProcessArguments, TaskStage } from '../../test/task-stage.ts';
import { DeadLetters } from '../dead-letters/dead-letters.ts';
import { ParkedRepository } from '../dead-letters/parked.repository.ts';
import { LostLeaseError, RetryableError } from '../errors.ts';
import type { Task, TaskContext } from './task-worker.ts';
import type { NewTask } from './tasks.ts';
import { TasksRepository } from './tasks.repository.ts';

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const { queue, spaceId } = TaskStage;

describe('Tasks', () => {
  let bench: MechanismBench;
  let stage: TaskStage;

  beforeAll(async () => {
    bench = await openMechanismBench();
    stage = new TaskStage(bench);
  });

  afterEach(async () => {
    await stage.end();
    await sql`DELETE FROM task`.execute(bench.runner.kysely);
    await sql`DELETE FROM parked`.execute(bench.runner.kysely);
  });

  afterAll(() => bench.close());

  const process = (...given: TaskProcessArguments): TaskProcess => stage.start(...given);

  const left = async (): Promise<number> => {
    const { rows } = await sql<{ count: number }>`SELECT count(*) AS count FROM task`.execute(
      bench.runner.kysely,
    );
    return rows[0]?.count ?? 0;
  };
  const noneLeft = (timeoutMs?: number): Promise<void> =>
    eventually('no task is left', async () => (await left()) === 0, timeoutMs);
  const parked = (): ReturnType<ParkedRepository['list']> =>
    new ParkedRepository(bench.runner, 'conversation').list();

  /** Appends to the thread that the tasks are about: their effect. */
  const effect =
    (task: Task) =>
    async (trx: Parameters<Database<unknown>['afterCommit']>[0]): Promise<void> => {
      await sql`
        INSERT INTO thread (id, last_sequence) VALUES (${task.id}, 1)
        ON CONFLICT (id) DO UPDATE SET last_sequence = thread.last_sequence + 1`.execute(trx as never);
    };
  const effects = async (prefix: string): Promise<{ id: string; times: number }[]> => {
    const { rows } = await sql<{ id: string; times: number }>`
      SELECT id, last_sequence AS times FROM thread WHERE id LIKE ${`${prefix}%`} ORDER BY id`.execute(
      bench.database.kysely,
    );
    return rows;
  };

  it('does tasks of one key one after another in their order, and keys in parallel', async () => {
    const log: string[] = [];
    let now = 0;
    let most = 0;
    const busy = new Set<string>();
    const { enqueue } = process(async (task) => {
      expect(busy.has(task.key)).toBe(false);
      busy.add(task.key);
      now += 1;
      most = Math.max(most, now);
      await sleep(Math.random() * 5);
      log.push(`${task.key} ${task.id}`);
      busy.delete(task.key);
      now -= 1;
    });
    for (let round = 0; round < 10; round += 1) {
      const batch = Array.from({ length: 40 }, (_value, index) => ({
        key: `k${index % 20}`,
        id: `order_${String(round).padStart(2, '0')}_${String(index).padStart(2, '0')}`,
      }));
      await enqueue(batch);
    }
    await noneLeft();
    expect(log).toHaveLength(400);
    for (let key = 0; key < 20; key += 1) {
      const ids = log.filter((line) => line.startsWith(`k${key} `));
      expect(ids).toEqual([...ids].sort());
      expect(ids).toHaveLength(20);
    }
    expect(most).toBeGreaterThan(8);
  });

  it('picks a task up within milliseconds of the commit', async () => {
    const picked = new Map<string, number>();
    const { enqueue } = process(async (task) => void picked.set(task.id, performance.now()));
    await sleep(100);
    const waits: number[] = [];
    for (let index = 0; index < 50; index += 1) {
      await enqueue([{ id: `quick_${index}`, key: `quick_${index}` }]);
      const committed = performance.now();
      await eventually('it is picked up', () => picked.has(`quick_${index}`));
      waits.push((picked.get(`quick_${index}`) ?? 0) - committed);
    }
    waits.sort((a, b) => a - b);
    expect(waits[25]).toBeLessThan(15);
  });

  it('waits for the due time, and lets later tasks of the key pass a timer that is not yet due', async () => {
    const log: string[] = [];
    const { enqueue } = process(async (task) => void log.push(task.id));
    const begun = performance.now();
    await enqueue([{ id: 'timer', dueAt: new Date(Date.now() + 700) }, { id: 'now' }]);
    await eventually('the other is done', () => log.length === 1);
    expect(log).toEqual(['now']);
    await noneLeft();
    expect(log).toEqual(['now', 'timer']);
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(690);
    expect(took).toBeLessThan(1000);
  });

  it('keeps an id once, and takes back what was cancelled', async () => {
    const log: string[] = [];
    const { enqueue, tasks } = process(async (task) => void log.push(task.id));
    const dueAt = new Date(Date.now() + 300);
    await enqueue([{ id: 'once', dueAt }]);
    await enqueue([
      { id: 'once', dueAt },
      { id: 'cancelled', dueAt },
    ]);
    await bench.database.withSpaces([spaceId], (trx) => tasks.cancel(trx, queue, spaceId, ['cancelled']));
    await noneLeft();
    expect(log).toEqual(['once']);
  });

  it('tries again in order: what stands behind a failing task waits', async () => {
    const log: string[] = [];
    const { enqueue } = process(async (task) => {
      log.push(`${task.id} ${task.attempt}`);
      if (task.id === 'a' && task.attempt < 3) throw new RetryableError('busy', { afterMs: 50 });
    });
    await enqueue([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    await sleep(30);
    await enqueue([{ id: 'd' }]);
    await noneLeft();
    expect(log).toEqual(['a 1', 'a 2', 'a 3', 'b 1', 'c 1', 'd 1']);
  });

  it('parks after the last attempt with its dead letter and its consequence, and lets the key go on', async () => {
    const given: string[] = [];
    const { enqueue } = process(
      async (task) => {
        if (task.id === 'bad') throw new Error('no such number');
      },
      {
        maxAttempts: 3,
        onTaskFailed: async (task, error, trx) => {
          given.push(`${task.id} ${task.attempt} ${(error as Error).message}`);
          await effect({ ...task, id: 'given_up' })(trx);
        },
      },
    );
    await enqueue([{ id: 'bad', payload: { to: '+1' } }, { id: 'good' }]);
    await noneLeft();
    expect(given).toEqual(['bad 3 no such number']);
    expect(await effects('given_up')).toEqual([{ id: 'given_up', times: 1 }]);
    expect(await parked()).toMatchObject([
      {
        source: 'task',
        consumer: `task.${queue}`,
        reason: 'no such number',
        attempts: 3,
        content: { id: 'bad' },
      },
    ]);
    const letters = await sql<{ reason: string }>`
      SELECT entry->'value'->>'reason' AS reason FROM outbox WHERE shard = 'DEAD_LETTER'`.execute(
      bench.runner.kysely,
    );
    expect(letters.rows).toEqual([{ reason: 'no such number' }]);
  });

  it('does a parked task again when asked, exactly once', async () => {
    let healed = false;
    const { enqueue, wakers } = process(
      async (task, context) => {
        if (!healed) throw new Error('down');
        await context.complete(effect(task));
      },
      { maxAttempts: 2 },
    );
    await enqueue([{ id: 'revived' }]);
    await eventually('it is parked', async () => (await parked()).length === 1);
    healed = true;
    const letters = new DeadLetters(new ParkedRepository(bench.runner, 'conversation'), wakers);
    const [entry] = await letters.list({ spaceId });
    expect(await letters.show(entry?.id ?? '')).toMatchObject({ reason: 'down' });
    expect(await letters.replay({ id: entry?.id ?? '' })).toBe(1);
    expect(await letters.replay({ id: entry?.id ?? '' })).toBe(0);
    await noneLeft();
    expect(await effects('revived')).toEqual([{ id: 'revived', times: 1 }]);
    expect(await parked()).toEqual([]);
  });

  it('commits the effect with the end of the task, or neither', async () => {
    let tries = 0;
    const { enqueue } = process(async (task, context) => {
      tries += 1;
      await context.complete(async (trx) => {
        await effect(task)(trx);
        if (tries === 1) throw new Error('after the effect');
      });
    });
    await enqueue([{ id: 'atomic' }]);
    await noneLeft();
    expect(tries).toBe(2);
    expect(await effects('atomic')).toEqual([{ id: 'atomic', times: 1 }]);
  });

  it('does not count failures of the database', async () => {
    const attempts: number[] = [];
    const { enqueue } = process(
      async (task) => {
        attempts.push(task.attempt);
        if (attempts.length < 4) throw Object.assign(new Error('terminating'), { code: '57P01' });
      },
      { maxAttempts: 2 },
    );
    await enqueue([{ id: 'unlucky' }]);
    await noneLeft();
    expect(attempts).toEqual([1, 1, 1, 1]);
    expect(await parked()).toEqual([]);
  });

  it('lets a process that lost its lease change nothing, and its successor act once', async () => {
    const zombies: unknown[] = [];
    const first = process(async (task, context) => {
      await sleep(400);
      await context.complete(effect(task)).catch((error: unknown) => zombies.push(error));
    });
    await first.enqueue([{ id: 'zombie_1' }, { id: 'zombie_2', key: 'other' }]);
    await eventually('both are at work', () => first.worker.stats.busy === 2);
    const finished: string[] = [];
    process(async (task, context) => {
      await sleep(800);
      await context.complete(effect(task));
      finished.push(task.id);
    });
    await eventually('the first has found out', () => zombies.length === 2);
    expect(finished).toEqual([]);
    expect(await effects('zombie')).toEqual([]);
    await noneLeft();
    expect(zombies.every((error) => error instanceof LostLeaseError)).toBe(true);
    expect(await effects('zombie')).toEqual([
      { id: 'zombie_1', times: 1 },
      { id: 'zombie_2', times: 1 },
    ]);
  });

  it('parks a task that ends the process each time, and none of those beside it', async () => {
    const maxAttempts = 3;
    const done: string[] = [];
    let kills = 0;
    const key = (id: string): Partial<NewTask> => ({ id, key: id });
    const first = process(() => new Promise(() => undefined));
    first.lose();
    await first.enqueue([key('killer'), key('slow'), key('quick'), { id: 'behind', key: 'killer' }]);
    for (let life = 0; life < 12 && (await left()) > 0; life += 1) {
      const died = new Promise<void>((resolve) => {
        const worker = process(
          async (task) => {
            if (task.id === 'killer') {
              kills += 1;
              worker.lose();
              resolve();
            }
            if (task.id === 'slow') await sleep(150);
            if (worker.leases[0]?.signal.aborted) await new Promise(() => undefined);
            done.push(task.id);
          },
          { maxAttempts, timeoutMs: 600 },
        );
      });
      await Promise.race([died, noneLeft(3000)]);
    }
    expect(kills).toBe(maxAttempts);
    expect((await parked()).map(({ content }) => (content as { id: string }).id)).toEqual(['killer']);
    expect([...new Set(done)].sort()).toEqual(['behind', 'quick', 'slow']);
  });

  it('loses no task whose taking was committed but not answered', async () => {
    class Unlucky extends TasksRepository {
      private loads = 0;
      private begins = 0;
      override async load(...args: Parameters<TasksRepository['load']>): ReturnType<TasksRepository['load']> {
        const loaded = await super.load(...args);
        if (loaded.tasks.length > 0 && (this.loads += 1) <= 2)
          throw new Error('Connection terminated unexpectedly');
        return loaded;
      }
      override async begin(
        ...args: Parameters<TasksRepository['begin']>
      ): ReturnType<TasksRepository['begin']> {
        const begun = await super.begin(...args);
        if ((this.begins += 1) <= 2) throw new Error('Connection terminated unexpectedly');
        return begun;
      }
    }
    const log: string[] = [];
    const { enqueue } = process(async (task) => void log.push(task.id), {}, new Unlucky(bench.runner));
    await enqueue([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]);
    await noneLeft();
    expect(log).toEqual(['a', 'b', 'c', 'd']);
  });

  it('gives up on an attempt that hangs', async () => {
    const signals: AbortSignal[] = [];
    const { enqueue } = process(
      async (task, context: TaskContext) => {
        signals.push(context.signal);
        if (task.attempt === 1) await new Promise(() => undefined);
      },
      { timeoutMs: 100 },
    );
    await enqueue([{ id: 'hanging' }]);
    await noneLeft();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(signals).toHaveLength(2);
  });

  it('finishes what it has begun when asked to leave, and gives the rest back', async () => {
    const log: string[] = [];
    const first = process(async (task) => {
      await sleep(200);
      log.push(`first ${task.id}`);
    });
    await first.enqueue([{ id: 'begun' }, { id: 'waiting' }]);
    await eventually('it is at work', () => first.worker.stats.busy === 1);
    for (const lease of first.leases) lease.requestDrain(true);
    await first.done;
    expect(log).toEqual(['first begun']);
    const { rows } = await sql`SELECT id, lease_epoch AS epoch, attempts FROM task`.execute(
      bench.runner.kysely,
    );
    expect(rows).toEqual([{ id: 'waiting', epoch: 0, attempts: 0 }]);
  });

  it('hides tasks of other spaces and refuses to write them', async () => {
    const { tasks } = process(async () => undefined);
    const foreign = bench.database.withSpaces(['space_b'], (trx) =>
      tasks.enqueue(trx, [{ queue, id: 'x', key: 'x', spaceId, payload: {} }]),
    );
    await expect(foreign).rejects.toThrow(/row-level security/u);
  });
});
