import { setTimeout as sleep } from 'node:timers/promises';
import type { Trx } from '@parley/database';
import { Bell } from '../bell.ts';
import { LostLeaseError, reasonOf } from '../errors.ts';
import type { Lease } from '../leases/lease.ts';
import { nextIntervalMs, waitUntilElapsed } from '../pacing.ts';
import { underTrace } from '../tracing.ts';
import type { CompletionBatcher } from './completion-batcher.ts';
import type { ExpectedTask, LocalWorker } from './local-workers.ts';
import { laneKey, TaskLanes } from './task-lane.ts';
import type {
  BatchWrite,
  Task,
  TaskContext,
  TaskHandler,
  TaskRules,
  TaskStats,
  TaskWorkerParts,
} from './task.ts';
import type { Claim, LoadedTask } from './tasks.repository.ts';
import { taskKey } from './tasks.repository.ts';
import { workerName } from './tasks.ts';
import { decideRetry, type RetryDecision } from './retry-decision.ts';

/**
 * Longest pause of an idle shard: commits of this process and of others wake it, it knows what falls due, and `WorkFinder`
 * finds what it was not told of.
 */
const MAX_SLEEP_MS = 60_000;

/** Pause before tasks are looked for again that a transaction of a holder before still locked. */
const LOCKED_MS = 100;

/** A commit that was in doubt has ended by then. */
const DOUBT_MS = 5000;

/** Tasks in memory at once, at work or in line behind another of their key. */
const MAX_LOADED_TASKS = 128;
const REPAIR_PAUSE_MS = 200;

/** Looks for tasks begin at least that far apart: under load what comes meanwhile is taken together. */
const PACE_MS = 10;

/** One shard of one queue under one lease. */
export interface ShardWork {
  handler: TaskHandler;
  stats: TaskStats;
  completions: CompletionBatcher;
  shard: number;
  lease: Lease;
}

/** Works a shard: loads what is due, begins the first of each key, settles, puts back or parks. */
export class ShardWorker implements LocalWorker {
  private readonly parts: TaskWorkerParts;
  private readonly rules: TaskRules;
  private readonly work: ShardWork;
  readonly claim: Claim;
  private readonly lanes: TaskLanes;
  private readonly running = new Set<Promise<void>>();
  private readonly expected = new Set<ExpectedTask>();
  private readonly bell = new Bell();
  private needsReclaim = true;
  private needsLoad = true;
  private nextDueAt = Number.POSITIVE_INFINITY;
  private nextReclaimAt = Number.POSITIVE_INFINITY;
  private loadedAt = 0;
  private loadIntervalMs = PACE_MS;

  constructor(parts: TaskWorkerParts, rules: TaskRules, work: ShardWork) {
    this.parts = parts;
    this.rules = rules;
    this.work = work;
    const { name, epoch } = work.lease;
    this.claim = { queue: rules.queue, shard: work.shard, lease: name, epoch };
    this.lanes = new TaskLanes(parts.gate, () => this.bell.ring());
  }

  /** Works until the lease is lost or given up; what has begun is finished first. */
  async run(): Promise<void> {
    const { drainSignal } = this.work.lease;
    const leave = this.parts.local?.add(this);
    const stopListening = this.parts.wakers.listen(workerName(this.claim.queue, this.claim.shard), () =>
      this.look(),
    );
    try {
      while (!drainSignal.aborted) {
        const pause = await this.runRound();
        if (pause > 0) await this.bell.wait(pause, drainSignal);
      }
    } finally {
      leave?.();
      stopListening();
      await this.drain();
    }
  }

  canTake(task: ExpectedTask): boolean {
    if (this.needsLoad || this.needsReclaim || !this.isAtWork()) return false;
    if (this.lanes.size + this.expected.size >= MAX_LOADED_TASKS) return false;
    const keys = this.expectedKeys();
    return keys.has(laneKey(task)) || this.freeSlots() > keys.size;
  }

  expect(task: ExpectedTask): void {
    this.expected.add(task);
  }

  take(tasks: readonly LoadedTask[]): void {
    // Whoever holds the lease now finds them; a look here would be in vain.
    if (!this.isAtWork()) return this.parts.wakers.wakeRemote(this.claim.lease);
    for (const task of tasks) this.lanes.add(task);
    for (const task of this.takeReady(({ begun }) => begun)) this.start(task);
  }

  forget(tasks: readonly ExpectedTask[], mayExist: boolean): void {
    for (const task of tasks) this.expected.delete(task);
    if (mayExist) {
      this.needsReclaim = true;
      this.nextReclaimAt = performance.now() + DOUBT_MS;
    }
    // Tasks of its key may have waited for its end.
    if (mayExist || this.lanes.size > 0) this.bell.ring();
  }

  private expectedKeys(): Set<string> {
    return new Set([...this.expected].map(laneKey));
  }

  /** What is expected may stand in front of what was loaded of its key meanwhile: that begins once it is decided. */
  private takeReady(mayBegin: (task: LoadedTask) => boolean = () => true): LoadedTask[] {
    const undecided = this.expectedKeys();
    return this.lanes.takeReady(this.freeSlots(), (task) => mayBegin(task) && !undecided.has(laneKey(task)));
  }

  private isAtWork(): boolean {
    return this.work.lease.isHeld() && !this.work.lease.drainSignal.aborted;
  }

  /** Looks for tasks in the next round. */
  private look(): void {
    this.needsLoad = true;
    this.bell.ring();
  }

  /** Answers how long there is nothing to do. */
  private async runRound(): Promise<number> {
    try {
      const now = performance.now();
      if (now >= this.nextDueAt) this.needsLoad = true;
      if (now >= this.nextReclaimAt) this.needsReclaim = true;
      await this.reclaim();
      await this.startReady();
      // What was dropped meanwhile has to be given back first: only then is it taken in its order.
      if (this.needsReclaim) return 0;
      if (this.needsLoad && this.hasRoom()) await this.load();
      return this.needsLoad && this.hasRoom() ? 0 : this.nextPauseMs();
    } catch (error) {
      // What was taken in a statement whose answer got lost is taken again.
      this.needsReclaim = true;
      this.needsLoad = true;
      this.parts.logger.warn(
        { queue: this.claim.queue, shard: this.claim.shard, err: error },
        'Loading tasks failed',
      );
      return REPAIR_PAUSE_MS;
    }
  }

  private async reclaim(): Promise<void> {
    if (!this.needsReclaim) return;
    this.needsReclaim = false;
    this.needsLoad = true;
    if (performance.now() >= this.nextReclaimAt) this.nextReclaimAt = Number.POSITIVE_INFINITY;
    await this.parts.repository.reclaim(this.claim, [...this.lanes.all(), ...this.expected]);
  }

  private hasRoom(): boolean {
    return this.freeSlots() > 0 && this.lanes.size < MAX_LOADED_TASKS;
  }

  private freeSlots(): number {
    return this.rules.concurrency - this.lanes.busy;
  }

  private async load(): Promise<void> {
    await waitUntilElapsed(this.loadedAt, this.loadIntervalMs, this.work.lease.drainSignal);
    this.loadedAt = performance.now();
    // More may have been taken meanwhile.
    const limit = Math.max(0, MAX_LOADED_TASKS - this.lanes.size);
    const free = this.freeSlots();
    this.needsLoad = false;
    this.lanes.markSkipped();
    const room = { limit, free, busyKeys: this.lanes.keys() };
    this.nextDueAt = Number.POSITIVE_INFINITY;
    const { tasks, nextDueMs, hasLocked } = await this.parts.repository.load(this.claim, room);
    this.loadIntervalMs = nextIntervalMs(this.loadedAt, PACE_MS);
    const waitMs = Math.min(
      nextDueMs ?? Number.POSITIVE_INFINITY,
      hasLocked ? LOCKED_MS : Number.POSITIVE_INFINITY,
    );
    // What was put back while the statement ran may have come too late for it.
    this.nextDueAt = Math.min(this.nextDueAt, performance.now() + waitMs + 1);
    if (tasks.length === limit) this.needsLoad = true;
    for (const task of tasks) this.lanes.add(task);
    if (tasks.length > 0) await this.startReady();
  }

  /** Begins what may begin; attempts that are not yet counted are counted first, in one statement. */
  private async startReady(): Promise<void> {
    const ready = this.takeReady();
    const fresh = ready.filter((task) => !task.begun);
    try {
      if (fresh.length > 0) {
        const attempts = await this.parts.repository.begin(this.claim, fresh);
        for (const task of fresh) {
          task.begun = true;
          task.attempts = attempts.get(taskKey(task)) ?? 0;
        }
      }
    } catch (error) {
      for (const task of fresh) this.lanes.drop(task);
      for (const task of ready) if (!fresh.includes(task)) this.start(task);
      throw error;
    }
    for (const task of ready) {
      // No attempts: the task was cancelled or taken by another holder.
      if (task.attempts === 0) this.abandon(task);
      else this.start(task);
    }
  }

  private start(task: LoadedTask): void {
    this.work.stats.busy += 1;
    const done: Promise<void> = this.perform(task).finally(() => {
      this.work.stats.busy -= 1;
      this.running.delete(done);
      this.bell.ring();
    });
    this.running.add(done);
  }

  private async perform(task: LoadedTask): Promise<void> {
    if (task.attempts > this.rules.maxAttempts) {
      await this.handleFailure(task, new Error('The process ended while it did this task.'), true);
      return;
    }
    const state = { settled: false };
    try {
      await this.attempt(task, state);
      const removed =
        state.settled ||
        (await this.persistWithRetry(task, () => this.parts.repository.remove(this.claim, task)));
      this.work.stats.done += 1;
      if (removed) this.finish(task);
      else this.abandon(task);
    } catch (error) {
      if (state.settled) {
        this.work.stats.done += 1;
        this.finish(task);
      } else await this.handleFailure(task, error, false);
    }
  }

  private async attempt(row: LoadedTask, state: { settled: boolean }): Promise<void> {
    const { id, key, spaceId, payload, attempts } = row;
    const task: Task = { id, key, spaceId, payload, attempt: attempts };
    const late = new AbortController();
    const { signal: lost } = this.work.lease;
    let either: AbortSignal | null = null;
    const context: TaskContext = {
      // Most handlers never ask for it, and it costs as much as a small task.
      get signal() {
        either ??= AbortSignal.any([lost, late.signal]);
        return either;
      },
      isLastAttempt: attempts >= this.rules.maxAttempts,
      complete: async (effect) => {
        await this.complete(row, effect);
        state.settled = true;
      },
      completeInBatch: async (outcome, write) => {
        const end = { claim: this.claim, row, task, outcome, write: write as BatchWrite<unknown> };
        await this.work.completions.complete(end);
        state.settled = true;
      },
    };
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`The attempt took longer than ${this.rules.timeoutMs} ms.`));
        late.abort();
      }, this.rules.timeoutMs);
      timer.unref();
    });
    try {
      await Promise.race([underTrace(row.traceparent, () => this.work.handler(task, context)), over]);
    } finally {
      clearTimeout(timer);
      // What goes on beyond the end of its attempt shall end too.
      if (either) late.abort();
    }
  }

  private async complete(row: LoadedTask, effect: (trx: Trx<unknown>) => Promise<void>): Promise<void> {
    const { database, repository } = this.parts;
    await database.withSpaces([row.spaceId], async (trx) => {
      if (!(await repository.complete(trx, this.claim, row))) throw new LostLeaseError(this.work.lease.name);
      await effect(trx);
    });
  }

  /** Puts a failed task back, or parks it. */
  private async handleFailure(task: LoadedTask, error: unknown, hasCrashed: boolean): Promise<void> {
    const decision: RetryDecision = hasCrashed
      ? { kind: 'park', reason: reasonOf(error) }
      : decideRetry(error, task, this.rules);
    const fields = { queue: this.claim.queue, task: task.id, attempt: task.attempts, err: error };
    this.parts.logger.warn(
      fields,
      decision.kind === 'park' ? 'Task failed for good and was parked' : 'Task attempt failed',
    );
    const ended = await this.persistWithRetry(task, () => this.applyDecision(task, decision, error));
    if (ended && decision.kind === 'park') this.finish(task);
    else if (ended && decision.kind === 'retry') this.lanes.drop(task);
    else this.abandon(task);
    if (decision.kind !== 'lost') this.work.stats[decision.kind === 'park' ? 'parked' : 'retries'] += 1;
  }

  private async applyDecision(task: LoadedTask, decision: RetryDecision, error: unknown): Promise<boolean> {
    if (decision.kind === 'lost') return false;
    if (decision.kind === 'park') await this.park(task, error, decision.reason);
    else {
      await this.parts.repository.postpone(this.claim, task, decision);
      this.nextDueAt = Math.min(this.nextDueAt, performance.now() + decision.delayMs + 1);
    }
    return true;
  }

  private finish(task: LoadedTask): void {
    if (this.lanes.finish(task)) this.needsLoad = true;
  }

  /** Drops a key whose head is no longer ours: what is behind it must not pass it, and is taken again in order. */
  private abandon(task: LoadedTask): void {
    this.lanes.drop(task);
    this.needsReclaim = true;
  }

  /**
   * Writes the end of an attempt; goes on trying while the database is away, for as long as the lease lasts. False when
   * the task is no longer ours.
   */
  private async persistWithRetry(task: LoadedTask, write: () => Promise<boolean>): Promise<boolean> {
    const { signal } = this.work.lease;
    while (!signal.aborted) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof LostLeaseError) return false;
        this.parts.logger.warn(
          { queue: this.claim.queue, task: task.id, err: error },
          'Storing a task result failed, retrying',
        );
        await sleep(REPAIR_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }

  private async park(row: LoadedTask, error: unknown, reason: string): Promise<void> {
    const { id, key, spaceId, payload, attempts, traceparent } = row;
    await this.complete(row, async (trx) => {
      await this.rules.onTaskFailed?.({ id, key, spaceId, payload, attempt: attempts }, error, trx);
      await this.parts.parked.park(trx, {
        source: 'task',
        consumer: `task.${this.claim.queue}`,
        key,
        spaceId,
        name: this.claim.queue,
        content: { id, payload, traceparent, shard: this.claim.shard },
        reason,
        attempts,
      });
    });
    this.parts.wakers.wake('relay.DEAD_LETTER');
  }

  /** Ends of tasks ring as well. */
  private nextPauseMs(): number {
    const next = Math.min(this.nextDueAt, this.nextReclaimAt) - performance.now();
    return Math.max(1, Math.min(MAX_SLEEP_MS, next));
  }

  private async drain(): Promise<void> {
    const waiting = this.lanes.clearWaiting();
    if (waiting.length > 0) await this.parts.repository.unload(this.claim, waiting).catch(() => undefined);
    await Promise.allSettled(this.running);
  }
}
