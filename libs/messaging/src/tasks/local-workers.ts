import type { Database } from '@parley/database';
import type { Claim, InsertedTask, LoadedTask } from './tasks.repository.ts';

/** The worker of a shard that this process holds, as writers of tasks see it. */
export interface LocalWorker {
  readonly claim: Claim;
  /** Whether a task could begin at once: nothing older waits in the table, and a place is free. */
  canTake(): boolean;
  /** Announces tasks that are written under its claim, before they are committed. */
  expect(tasks: readonly InsertedTask[]): void;
  /** Begins tasks it expects. */
  take(tasks: readonly LoadedTask[]): void;
  /** Expects these no longer; `mayExist` when their commit is in doubt. */
  forget(tasks: readonly InsertedTask[], mayExist: boolean): void;
}

/**
 * The workers of this process by name: a task that is written where its shard is held begins without being looked for.
 * It is written as begun, so nobody else takes it, and it is found like any other once the lease is.
 */
export class LocalWorkers {
  private readonly database: Pick<Database<unknown>, 'afterEnd'>;
  private readonly workers = new Map<string, LocalWorker>();

  constructor(database: Pick<Database<unknown>, 'afterEnd'>) {
    this.database = database;
  }

  /** Adds a worker until the returned function is called. */
  add(worker: LocalWorker): () => void {
    const name = worker.claim.lease;
    this.workers.set(name, worker);
    return () => {
      if (this.workers.get(name) === worker) this.workers.delete(name);
    };
  }

  /** The worker of this name, if it can take a task now. */
  findFree(name: string): LocalWorker | undefined {
    const worker = this.workers.get(name);
    return worker?.canTake() ? worker : undefined;
  }

  /** Hands tasks to a worker once they are committed. */
  handOver(trx: object, worker: LocalWorker, tasks: readonly LoadedTask[]): void {
    worker.expect(tasks);
    this.database.afterEnd(trx, (end) => {
      if (end === 'committed') worker.take(tasks);
      else worker.forget(tasks, end === 'in_doubt');
    });
  }
}
