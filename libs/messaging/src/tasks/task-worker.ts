import type { Database, Trx } from '@parley/database';
import { isRetryable } from '@parley/database';
import type { ParkedRepository } from '../dead-letters/parked.repository.ts';
import { LostLeaseError, reasonOf, RetryableError } from '../errors.ts';
import type { Lease } from '../leases/leases.ts';
import type { MessagingLogger } from '../logger.ts';
import { underTrace } from '../tracing.ts';
import type { Wakers } from '../wakers.ts';
import type { TaskRow, TasksRepository } from './tasks.repository.ts';
import { workerName } from './tasks.ts';

/** A task as its handler receives it. */
export interface Task<Payload = unknown> {
  id: string;
  key: string;
  spaceId: string;
  payload: Payload;
  /** 1 the first time. */
  attempt: number;
}

/** What a handler can do with its task. */
export interface TaskContext<Tables = unknown> {
  /** Aborts when the lease is lost or the process ends. */
  signal: AbortSignal;
  /** Whether a failure now would park the task. */
  lastAttempt: boolean;
  /** Removes the task and commits the effect with it; throws LostLeaseError when another process has taken the task. */
  settle(effect: (trx: Trx<Tables>) => Promise<void>): Promise<void>;
}

/** How a queue is worked. */
export interface TaskOptions {
  queue: string;
  /** Tasks at once for each shard; default 16. */
  concurrency?: number;
  /** Attempts before a task is parked; default 8. */
  maxAttempts?: number;
  /** Pause before the next attempt, by the attempt that failed. */
  backoffMs?: (attempt: number) => number;
}

/** Does a task. */
export type TaskHandler = (task: Task, context: TaskContext) => Promise<unknown>;

/** What a worker needs. */
export interface TaskWorkerParts {
  database: Database<unknown>;
  repository: TasksRepository;
  parked: ParkedRepository;
  wakers: Wakers;
  logger: MessagingLogger;
}

/** Passing failures of the machinery are not counted for ever: a task that meets them is tried again soon. */
const MACHINERY_PAUSE_MS = 250;
const LONGEST_SLEEP_MS = 1000;

const defaultBackoff = (attempt: number): number =>
  Math.min(300_000, 1000 * 4 ** (attempt - 1)) * (0.8 + Math.random() * 0.4);

/** Works one shard of a queue under its lease. */
export class TaskWorker {
  private readonly parts: TaskWorkerParts;
  private readonly options: TaskOptions;
  private readonly handler: TaskHandler;
  private readonly busy = new Map<string, Promise<void>>();

  constructor(parts: TaskWorkerParts, options: TaskOptions, handler: TaskHandler) {
    this.parts = parts;
    this.options = options;
    this.handler = handler;
  }

  /** Works until the lease is lost. */
  async run(shard: number, lease: Lease): Promise<void> {
    const { repository, wakers } = this.parts;
    const { queue } = this.options;
    const name = workerName(queue, shard);
    while (!lease.signal.aborted) {
      const free = (this.options.concurrency ?? 16) - this.busy.size;
      const claim = { epoch: lease.epoch, busyKeys: [...this.busy.keys()], limit: free };
      const rows = free > 0 ? await repository.claim(queue, shard, claim) : [];
      for (const row of rows) this.begin(row, lease, name);
      if (rows.length > 0 && this.busy.size < (this.options.concurrency ?? 16)) continue;
      await wakers.sleep(name, await this.pause(shard), lease.signal);
    }
    await Promise.allSettled(this.busy.values());
  }

  private async pause(shard: number): Promise<number> {
    if (this.busy.size > 0) return LONGEST_SLEEP_MS;
    const due = await this.parts.repository.nextDue(this.options.queue, shard);
    return due === null ? LONGEST_SLEEP_MS : Math.max(5, Math.min(LONGEST_SLEEP_MS, due));
  }

  private begin(row: TaskRow, lease: Lease, name: string): void {
    const work = this.perform(row, lease)
      .catch((error: unknown) =>
        this.parts.logger.error(
          { queue: row.queue, task: row.id, err: error },
          'A task could not be put back',
        ),
      )
      .finally(() => {
        this.busy.delete(row.key);
        this.parts.wakers.wakeHere(name);
      });
    this.busy.set(row.key, work);
  }

  private async perform(row: TaskRow, lease: Lease): Promise<void> {
    const maxAttempts = this.options.maxAttempts ?? 8;
    if (row.attempts > maxAttempts) return this.park(row, lease, 'The process ended while it did this task.');
    const state = { settled: false };
    const context: TaskContext = {
      signal: lease.signal,
      lastAttempt: row.attempts >= maxAttempts,
      settle: async (effect) => {
        await this.settle(row, lease, effect);
        state.settled = true;
      },
    };
    const task: Task = {
      id: row.id,
      key: row.key,
      spaceId: row.spaceId,
      payload: row.payload,
      attempt: row.attempts,
    };
    try {
      await underTrace(row.traceparent, () => this.handler(task, context));
      if (!state.settled) await this.settle(row, lease, async () => undefined);
    } catch (error) {
      if (!state.settled) await this.failed(row, lease, error);
    }
  }

  private async settle(
    row: TaskRow,
    lease: Lease,
    effect: (trx: Trx<unknown>) => Promise<void>,
  ): Promise<void> {
    await this.parts.database.withSpaces([row.spaceId], async (trx) => {
      if (!(await this.parts.repository.settle(trx, row.queue, row.id, lease.epoch)))
        throw new LostLeaseError(lease.name);
      await effect(trx);
    });
  }

  private async failed(row: TaskRow, lease: Lease, error: unknown): Promise<void> {
    if (error instanceof LostLeaseError || lease.signal.aborted) return;
    const passing = isRetryable(error);
    this.parts.logger.warn(
      { queue: row.queue, task: row.id, attempt: row.attempts, err: error },
      'A task failed',
    );
    if (!passing && row.attempts >= (this.options.maxAttempts ?? 8))
      return this.park(row, lease, reasonOf(error));
    const backoff = (this.options.backoffMs ?? defaultBackoff)(row.attempts);
    const delay = passing
      ? MACHINERY_PAUSE_MS
      : error instanceof RetryableError
        ? (error.afterMs ?? backoff)
        : backoff;
    await this.parts.repository.postpone(
      { queue: row.queue, id: row.id, epoch: lease.epoch },
      delay,
      reasonOf(error),
    );
  }

  private async park(row: TaskRow, lease: Lease, reason: string): Promise<void> {
    const consumer = `task.${row.queue}`;
    await this.settle(row, lease, async (trx) => {
      const { key, spaceId, attempts } = row;
      const content = { id: row.id, payload: row.payload };
      await this.parts.parked.park(trx, {
        source: 'task',
        consumer,
        key,
        spaceId,
        name: row.queue,
        content,
        reason,
        attempts,
      });
    });
  }
}
