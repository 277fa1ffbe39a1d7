import type { Database, Trx } from '@parley/database';
import type { ParkedRepository } from '../dead-letters/parked.repository.ts';
import type { MessagingLogger } from '../logger.ts';
import type { Wakers } from '../wakers.ts';
import type { SuspectGate } from '../suspect-gate.ts';
import type { LocalWorkers } from './local-workers.ts';
import type { TasksRepository } from './tasks.repository.ts';

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
  /** Aborts when the lease is lost, the process ends, or the task takes longer than its time-out. */
  signal: AbortSignal;
  /** Whether a failure now would park the task. */
  isLastAttempt: boolean;
  /** Removes the task and commits the effect with it; throws LostLeaseError when another process has taken the task. */
  complete(effect: (trx: Trx<Tables>) => Promise<void>): Promise<void>;
  /**
   * The same for tasks that end often: ends of the same few milliseconds share one transaction, in which `write` is called
   * once for all that pass the same `write`.
   */
  completeInBatch<Outcome>(outcome: Outcome, write: BatchWrite<Outcome, Tables>): Promise<void>;
}

/** What a method marked `OnGiveUp` works with. */
export interface TaskFailureContext<Tables = unknown> {
  /** The transaction that parks the task. */
  trx: Trx<Tables>;
  /** Why it was given up. */
  error: unknown;
}

/** A task that has ended, with what came of it. */
export interface CompletedTask<Outcome, Payload = unknown> {
  task: Task<Payload>;
  outcome: Outcome;
}

/** Writes what came of tasks that end together. */
export type BatchWrite<Outcome, Tables = unknown> = (
  trx: Trx<Tables>,
  settled: readonly CompletedTask<Outcome>[],
) => Promise<void>;

/** How a queue is worked. */
export interface TaskOptions {
  queue: string;
  /** Tasks at once for each shard; default 16. */
  concurrency?: number;
  /** Attempts before a task is parked; default 8. */
  maxAttempts?: number;
  /** Milliseconds after which an attempt counts as failed and its signal aborts; default 120,000. */
  timeoutMs?: number;
  /** Pause before the next attempt, by the attempt that failed. */
  backoffMs?: (attempt: number) => number;
  /** Runs in the transaction that parks a task: writes what its failure means, for example that a message was not delivered. */
  onTaskFailed?: (task: Task, error: unknown, trx: Trx<unknown>) => Promise<void>;
}

/** Does a task. */
export type TaskHandler = (task: Task, context: TaskContext) => Promise<unknown>;

/** What a worker needs. */
export interface TaskWorkerParts {
  database: Database<unknown>;
  repository: TasksRepository;
  parked: ParkedRepository;
  wakers: Wakers;
  /** Knows the workers of this process, for those who write tasks; absent where they are only found. */
  local?: LocalWorkers | undefined;
  /** One for all workers of a process. */
  gate: SuspectGate;
  logger: MessagingLogger;
}

/** What a queue's worker has done, for metrics. */
export interface TaskStats {
  done: number;
  retries: number;
  parked: number;
  busy: number;
}

/** The options with their defaults. */
export type TaskRules = TaskOptions & Required<Omit<TaskOptions, 'onTaskFailed'>>;
