import type { Database, TransactionEnd } from '@parley/database';
import type { Claim, LoadedTask } from './tasks.repository.ts';

/** The worker of a shard that this process holds, as writers of tasks see it. */
export interface LocalWorker {
  readonly claim: Claim;
  /** Whether a task of this key could begin at once: nothing older waits in the table, and a place is free. */
  canTake(task: ExpectedTask): boolean;
  /** Announces a task before it is written under its claim. */
  expect(task: ExpectedTask): void;
  /** Begins tasks that were written. */
  take(tasks: readonly LoadedTask[]): void;
  /** Expects these no longer; `mayExist` when their commit is in doubt. */
  forget(tasks: readonly ExpectedTask[], mayExist: boolean): void;
}

/** A task that a transaction may write under a worker's claim; known by its identity as an object. */
export type ExpectedTask = Pick<LoadedTask, 'spaceId' | 'id' | 'key'>;

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

  /** The worker of this name, if it can take this task now. */
  findFree(name: string, task: ExpectedTask): LocalWorker | undefined {
    const worker = this.workers.get(name);
    return worker?.canTake(task) ? worker : undefined;
  }

  /** Begins to hand over what a transaction is about to write. */
  open(trx: object): Handover {
    const handover = new Handover(this);
    this.database.afterEnd(trx, (end) => handover.end(end));
    return handover;
  }
}

/**
 * What one transaction writes for workers of this process. They expect a task before it is written: from then on it may
 * be in the table, and must not be given back as one that nobody knows.
 */
export class Handover {
  private readonly workers: LocalWorkers;
  private readonly expected = new Map<ExpectedTask, LocalWorker>();
  private readonly written = new Map<LocalWorker, LoadedTask[]>();

  constructor(workers: LocalWorkers) {
    this.workers = workers;
  }

  /** Announces a task to the worker of this name; its claim, if it can take it. */
  reserve(name: string, task: ExpectedTask): Claim | null {
    const worker = this.workers.findFree(name, task);
    if (!worker) return null;
    worker.expect(task);
    this.expected.set(task, worker);
    return worker.claim;
  }

  /** Says how an announced task was written: taken by the worker, or null for one that others will look for. */
  settle(task: ExpectedTask, loaded: LoadedTask | null): void {
    const worker = this.expected.get(task);
    if (!worker) return;
    if (loaded) this.written.set(worker, [...(this.written.get(worker) ?? []), loaded]);
    else this.forget(task, worker, false);
  }

  /** Hands over what is committed. */
  end(end: TransactionEnd): void {
    for (const [task, worker] of this.expected) this.forget(task, worker, end === 'in_doubt');
    if (end !== 'committed') return;
    for (const [worker, tasks] of this.written) worker.take(tasks.sort((a, b) => a.no - b.no));
  }

  private forget(task: ExpectedTask, worker: LocalWorker, mayExist: boolean): void {
    this.expected.delete(task);
    worker.forget([task], mayExist);
  }
}
