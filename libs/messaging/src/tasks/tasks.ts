import type { Trx } from '@parley/database';
import { shardOfKey, workerName } from '../task-shards.ts';
import { currentTraceparent } from '../tracing.ts';
import type { Wakers } from '../wakers.ts';
import type { LocalWorkers } from './local-workers.ts';
import type { LoadedTask, TakenTask, TaskInsert, TasksRepository } from './tasks.repository.ts';

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
  private readonly local: LocalWorkers | undefined;

  /** @param local workers of this process that may begin a task once it is committed */
  constructor(repository: TasksRepository, wakers: Wakers, local?: LocalWorkers) {
    this.repository = repository;
    this.wakers = wakers;
    this.local = local;
  }

  /** Writes tasks in the transaction of the decision; an id that is there already is left as it is. */
  async enqueue<Tables>(trx: Trx<Tables>, tasks: readonly NewTask[]): Promise<void> {
    if (tasks.length === 0) return;
    const traceparent = currentTraceparent();
    const handover = this.local?.open(trx);
    const written = tasks.map((task) => {
      const shard = shardOfKey(task.key);
      const name = workerName(task.queue, shard);
      const { queue, id, key, spaceId } = task;
      const expected = { id, key, spaceId };
      const claim = task.dueAt ? null : handover?.reserve(name, expected);
      const payload = JSON.stringify(task.payload);
      const dueAt = task.dueAt ?? null;
      const row = {
        queue,
        id,
        shard,
        key,
        spaceId,
        payload,
        traceparent,
        dueAt,
        claim: claim ?? null,
      };
      return { name, expected, row };
    });
    const takenNow = await this.repository.insert(
      trx,
      written.map(({ row }) => row),
    );
    const found = new Map(takenNow.map((one) => [placeOf(one), one]));
    const left = new Set<string>();
    for (const { name, expected, row } of written) {
      const one = found.get(placeOf(row));
      // An id that is given twice is written once.
      found.delete(placeOf(row));
      handover?.settle(expected, one ? toLoaded(row, one) : null);
      if (!one) left.add(name);
    }
    for (const name of left) this.wakers.afterCommit(trx, name);
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

function placeOf({ queue, spaceId, id }: Pick<TaskInsert, 'queue' | 'spaceId' | 'id'>): string {
  return `${queue}/${spaceId}/${id}`;
}

function toLoaded(row: TaskInsert, { no, attempts }: TakenTask): LoadedTask {
  const { queue, id, key, spaceId, traceparent } = row;
  const payload: unknown = JSON.parse(row.payload);
  const begun = attempts > 0;
  return { queue, id, key, spaceId, payload, traceparent, attempts, no, begun, suspect: false };
}
