import type { Trx } from '@parley/database';
import { sql } from 'kysely';
import { type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { LostLeaseError } from '../errors.ts';
import { CompletionBatcher } from './completion-batcher.ts';
import type { CompletedTask } from './task.ts';
import { type LoadedTask, TasksRepository } from './tasks.repository.ts';

const claim = { queue: 'delivery', shard: 0, lease: 'task.delivery.0', epoch: 1 };
const length = 12;

describe('Settlements', () => {
  let bench: MechanismBench;
  let repository: TasksRepository;
  let settlements: CompletionBatcher;
  let tasks: LoadedTask[];
  let sizes: number[];

  beforeAll(async () => {
    bench = await openMechanismBench();
    repository = new TasksRepository(bench.runner);
  });

  beforeEach(async () => {
    await bench.grant([claim.lease], claim.epoch);
    await sql`DELETE FROM task`.execute(bench.runner.kysely);
    await sql`DELETE FROM thread`.execute(bench.database.kysely);
    const rows = Array.from({ length }, (_value, place) => ({
      queue: claim.queue,
      id: `task_${String(place).padStart(2, '0')}`,
      shard: claim.shard,
      key: `key_${place}`,
      spaceId: place % 2 === 0 ? 'space_a' : 'space_b',
      payload: '{}',
      traceparent: null,
      dueAt: null,
      claim: null,
    }));
    await bench.database.withSpaces(['space_a', 'space_b'], (trx) => repository.insert(trx, rows));
    ({ tasks } = await repository.load(claim, { limit: length, free: length, busyKeys: [] }));
    settlements = new CompletionBatcher(bench.database, repository);
    sizes = [];
  });

  afterAll(() => bench.close());

  /** The effect: a row for each task, and a failure for the one that cannot be written. */
  const write = async (trx: Trx<unknown>, settled: readonly CompletedTask<unknown>[]): Promise<void> => {
    sizes.push(settled.length);
    for (const { task, outcome } of settled) {
      if (outcome === 'bad') throw new Error('This cannot be written.');
      await sql`INSERT INTO thread (id, last_sequence) VALUES (${task.id}, 1)`.execute(trx);
    }
  };

  function settleAll(outcome: (id: string) => string): Promise<PromiseSettledResult<void>[]> {
    return Promise.allSettled(
      tasks.map((row) => {
        const { id, key, spaceId, payload, attempts } = row;
        const task = { id, key, spaceId, payload, attempt: attempts };
        return settlements.complete({ claim, row, task, outcome: outcome(id), write });
      }),
    );
  }

  const ids = async (table: 'task' | 'thread'): Promise<string[]> => {
    const database = table === 'task' ? bench.runner : bench.database;
    const { rows } = await sql<{ id: string }>`SELECT id FROM ${sql.table(table)} ORDER BY id`.execute(
      database.kysely,
    );
    return rows.map(({ id }) => id);
  };

  it('settle tasks of several spaces in one transaction', async () => {
    const results = await settleAll(() => 'good');
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(sizes).toEqual([length]);
    expect(await ids('thread')).toEqual(tasks.map(({ id }) => id));
    expect(await ids('task')).toEqual([]);
  });

  it('write no effect for a task that another has taken, and tell so', async () => {
    await sql`UPDATE task SET attempts = attempts + 1 WHERE id = 'task_03'`.execute(bench.runner.kysely);
    await sql`UPDATE task SET lease_epoch = 2 WHERE id = 'task_04'`.execute(bench.runner.kysely);
    const results = await settleAll(() => 'good');
    const lost = results.flatMap((result, place) =>
      result.status === 'rejected' && result.reason instanceof LostLeaseError ? [place] : [],
    );
    expect(lost).toEqual([3, 4]);
    expect(await ids('task')).toEqual(['task_03', 'task_04']);
    expect(await ids('thread')).toHaveLength(length - 2);
  });

  it('let one whose effect cannot be written take no other with it', async () => {
    const results = await settleAll((id) => (id === 'task_05' ? 'bad' : 'good'));
    const failed = results.flatMap(({ status }, place) => (status === 'rejected' ? [place] : []));
    expect(failed).toEqual([5]);
    expect(await ids('task')).toEqual(['task_05']);
    expect(await ids('thread')).toEqual(tasks.map(({ id }) => id).filter((id) => id !== 'task_05'));
  });
});
