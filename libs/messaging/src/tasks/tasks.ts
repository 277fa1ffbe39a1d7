import type { Trx } from '@parley/database';
import { shardOfKey, workerName } from '../task-shards.ts';
import { currentTraceparent } from '../tracing.ts';
import type { Wakers } from '../wakers.ts';
import type { TasksRepository } from './tasks.repository.ts';

export { shardOfKey, TASK_SHARDS, workerName } from '../task-shards.ts';

/** A task about to be written: work outside PostgreSQL, or for later. */
export interface NewTask<Payload = unknown> {
  queue: string;
  /** Idempotency key: a queue holds an id of a space once, until it is done. */
  id: string;
  /** Tasks of one key are done one after another, in the order they were written. */
  key: string;
  spaceId: string;
  payload: Payload;
  dueAt?: Date;
}

/** The ledger of outside effects and timers: a row, written with the decision, done and removed by a worker. */
export class Tasks {
  private readonly repository: TasksRepository;
  private readonly wakers: Wakers;

  constructor(repository: TasksRepository, wakers: Wakers) {
    this.repository = repository;
    this.wakers = wakers;
  }

  /** Writes tasks in the transaction of the decision; an id that is there already is left as it is. */
  async enqueue<Tables>(trx: Trx<Tables>, tasks: readonly NewTask[]): Promise<void> {
    if (tasks.length === 0) return;
    const traceparent = currentTraceparent();
    const rows = tasks.map((task) => ({
      queue: task.queue,
      id: task.id,
      shard: shardOfKey(task.key),
      key: task.key,
      spaceId: task.spaceId,
      payload: JSON.stringify(task.payload),
      traceparent,
      dueAt: task.dueAt ?? null,
    }));
    await this.repository.insert(trx, rows);
    for (const name of new Set(rows.map((row) => workerName(row.queue, row.shard))))
      this.wakers.afterCommit(trx, name);
  }

  /**
   * Which of these keys have a task that is not yet done, as `<space>/<key>`. One who writes all tasks of a key, and
   * finds none, may do what would be the next one at once, in the same transaction: everything before it has committed.
   */
  async pendingKeys<Tables>(
    trx: Trx<Tables>,
    queue: string,
    keys: readonly { spaceId: string; key: string }[],
  ): Promise<Set<string>> {
    return keys.length === 0 ? new Set<string>() : this.repository.pendingKeys(trx, queue, keys);
  }

  /** Takes back tasks that have not begun; one at work loses its right to settle. */
  async cancel<Tables>(
    trx: Trx<Tables>,
    queue: string,
    spaceId: string,
    ids: readonly string[],
  ): Promise<void> {
    await this.repository.delete(trx, queue, spaceId, ids);
  }
}
