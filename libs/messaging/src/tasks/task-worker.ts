import type { Lease } from '../leases/lease.ts';
import { CompletionBatcher } from './completion-batcher.ts';
import { ShardWorker } from './shard-worker.ts';
import type { TaskHandler, TaskOptions, TaskRules, TaskStats, TaskWorkerParts } from './task.ts';

export type {
  TaskFailureContext,
  CompletedTask,
  BatchWrite,
  Task,
  TaskContext,
  TaskHandler,
  TaskOptions,
  TaskStats,
  TaskWorkerParts,
} from './task.ts';

const MAX_BACKOFF_MS = 300_000;

/** 1 s, 4 s, 16 s … 5 min, each ± 20 % so that what failed together does not come back together. */
const defaultBackoff = (attempt: number): number =>
  Math.min(MAX_BACKOFF_MS, 1000 * 4 ** (attempt - 1)) * (0.8 + Math.random() * 0.4);

/** Works a queue: one shard under each lease. */
export class TaskWorker {
  readonly stats: TaskStats = { done: 0, retries: 0, parked: 0, busy: 0 };
  private readonly parts: TaskWorkerParts;
  private readonly rules: TaskRules;
  private readonly handler: TaskHandler;
  private readonly completions: CompletionBatcher;
  private failureHook: TaskOptions['onTaskFailed'];

  constructor(parts: TaskWorkerParts, options: TaskOptions, handler: TaskHandler) {
    this.parts = parts;
    this.rules = {
      concurrency: 16,
      maxAttempts: 8,
      timeoutMs: 120_000,
      backoffMs: defaultBackoff,
      ...options,
    };
    this.handler = handler;
    this.completions = new CompletionBatcher(parts.database, parts.repository);
    this.failureHook = options.onTaskFailed;
  }

  /** Sets what happens in the transaction that parks a task, where options cannot reach the object that does it. */
  setFailureHook(hook: NonNullable<TaskOptions['onTaskFailed']>): void {
    this.failureHook = hook;
  }

  /** Works until the lease is lost; asked to leave, it finishes what it has begun. */
  async run(shard: number, lease: Lease): Promise<void> {
    const rules = { ...this.rules, onTaskFailed: this.failureHook };
    await new ShardWorker(this.parts, rules, {
      handler: this.handler,
      stats: this.stats,
      completions: this.completions,
      shard,
      lease,
    }).run();
  }
}
