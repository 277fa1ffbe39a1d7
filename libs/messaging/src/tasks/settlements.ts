import type { Database, Trx } from '@parley/database';
import { LostLeaseError } from '../errors.ts';
import type { SettleTogether, Task } from './task.ts';
import type { Claim, TaskRow, TasksRepository } from './tasks.repository.ts';

/** Ends of tasks that share a transaction at most. */
const MOST_TOGETHER = 256;

interface Ended {
  claim: Claim;
  row: TaskRow;
  task: Task;
  outcome: unknown;
  write: SettleTogether<unknown, unknown>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** What ended, as a worker hands it over. */
export type End = Pick<Ended, 'claim' | 'row' | 'task' | 'outcome' | 'write'>;

/**
 * Settles tasks of a queue together: ends that come while a transaction is under way share the next one. Each is fenced by
 * itself, and one that makes the transaction fail takes no other with it.
 */
export class Settlements {
  private readonly database: Database<unknown>;
  private readonly repository: TasksRepository;
  private readonly ended: Ended[] = [];
  private busy = false;

  constructor(database: Database<unknown>, repository: TasksRepository) {
    this.database = database;
    this.repository = repository;
  }

  /** Resolves once the task's end is committed; rejects with LostLeaseError when another process has taken it. */
  settle(end: End): Promise<void> {
    return new Promise((resolve, reject) => {
      this.ended.push({ ...end, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    // What ends within the same turn of the event loop comes first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.ended.length > 0) {
      const together = this.take();
      if (await this.commit(together)) continue;
      for (const one of together) await this.commit([one], true);
    }
    this.busy = false;
  }

  /** The oldest, and what is written in the same way. */
  private take(): Ended[] {
    const [first] = this.ended;
    const other = this.ended.findIndex(
      ({ write }, index) => write !== first?.write || index === MOST_TOGETHER,
    );
    return this.ended.splice(0, other < 0 ? this.ended.length : other);
  }

  /** Whether it is over: a transaction of several that fails is not. */
  private async commit(together: readonly Ended[], alone = together.length === 1): Promise<boolean> {
    let held: ReadonlySet<number> = new Set();
    try {
      const spaces = [...new Set(together.map(({ row }) => row.spaceId))];
      await this.database.withSpaces(spaces, async (trx) => {
        held = await this.repository.settleMany(trx, together);
        await this.write(
          trx,
          together.filter((_one, index) => held.has(index)),
        );
      });
    } catch (error) {
      if (alone) for (const one of together) one.reject(error);
      return alone;
    }
    for (const [index, one] of together.entries()) {
      if (held.has(index)) one.resolve();
      else one.reject(new LostLeaseError(one.claim.lease));
    }
    return true;
  }

  private async write(trx: Trx<unknown>, settled: readonly Ended[]): Promise<void> {
    const [first] = settled;
    if (!first) return;
    await first.write(
      trx,
      settled.map(({ task, outcome }) => ({ task, outcome })),
    );
  }
}
