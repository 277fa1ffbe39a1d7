import type { Database, Trx } from '@parley/database';
import { LostLeaseError } from '../errors.ts';
import type { BatchWrite, Task } from './task.ts';
import type { Claim, TaskRow, TasksRepository } from './tasks.repository.ts';

/** Ends of tasks that share a transaction at most. */
const MAX_BATCH_SIZE = 256;

interface PendingCompletion {
  claim: Claim;
  row: TaskRow;
  task: Task;
  outcome: unknown;
  write: BatchWrite<unknown, unknown>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** What ended, as a worker hands it over. */
export type Completion = Pick<PendingCompletion, 'claim' | 'row' | 'task' | 'outcome' | 'write'>;

/**
 * Settles tasks of a queue together: ends that come while a transaction is under way share the next one. Each is fenced by
 * itself, and one that makes the transaction fail takes no other with it.
 */
export class CompletionBatcher {
  private readonly database: Database<unknown>;
  private readonly repository: TasksRepository;
  private readonly pending: PendingCompletion[] = [];
  private busy = false;

  constructor(database: Database<unknown>, repository: TasksRepository) {
    this.database = database;
    this.repository = repository;
  }

  /** Resolves once the task's end is committed; rejects with LostLeaseError when another process has taken it. */
  complete(end: Completion): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pending.push({ ...end, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    // What ends within the same turn of the event loop comes first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.pending.length > 0) {
      const batch = this.takeBatch();
      if (await this.commit(batch)) continue;
      for (const one of batch) await this.commit([one], true);
    }
    this.busy = false;
  }

  /** The oldest, and what is written in the same way. */
  private takeBatch(): PendingCompletion[] {
    const [first] = this.pending;
    const other = this.pending.findIndex(
      ({ write }, index) => write !== first?.write || index === MAX_BATCH_SIZE,
    );
    return this.pending.splice(0, other < 0 ? this.pending.length : other);
  }

  /** Whether it is over: a transaction of several that fails is not. */
  private async commit(batch: readonly PendingCompletion[], alone = batch.length === 1): Promise<boolean> {
    let held: ReadonlySet<number> = new Set();
    try {
      const spaces = [...new Set(batch.map(({ row }) => row.spaceId))];
      await this.database.withSpaces(spaces, async (trx) => {
        held = await this.repository.completeMany(trx, batch);
        await this.write(
          trx,
          batch.filter((_one, index) => held.has(index)),
        );
      });
    } catch (error) {
      if (alone) for (const one of batch) one.reject(error);
      return alone;
    }
    for (const [index, one] of batch.entries()) {
      if (held.has(index)) one.resolve();
      else one.reject(new LostLeaseError(one.claim.lease));
    }
    return true;
  }

  private async write(trx: Trx<unknown>, settled: readonly PendingCompletion[]): Promise<void> {
    const [first] = settled;
    if (!first) return;
    await first.write(
      trx,
      settled.map(({ task, outcome }) => ({ task, outcome })),
    );
  }
}
