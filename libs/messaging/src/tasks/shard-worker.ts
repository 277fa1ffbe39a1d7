import { setTimeout as sleep } from 'node:timers/promises';
import type { Trx } from '@parley/database';
import { LostLeaseError, reasonOf } from '../errors.ts';
import type { Lease } from '../leases/lease.ts';
import { distanceAfter, pace } from '../pace.ts';
import { underTrace } from '../tracing.ts';
import type { Settlements } from './settlements.ts';
import { TaskLanes } from './task-lane.ts';
import type {
  SettleTogether,
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
import { judge, type Verdict } from './verdict.ts';

/** Longest pause of an idle shard: commits of this process and of others wake it, and it knows what falls due. */
const LONGEST_SLEEP_MS = 2000;
const BUSY_SLEEP_MS = 100;

/** Tasks in memory at once, at work or in line behind another of their key. */
const MEMORY = 128;
const REPAIR_PAUSE_MS = 200;

/** Looks for tasks begin at least that far apart: under load what comes meanwhile is taken together. */
const PACE_MS = 10;

/** One shard of one queue under one lease. */
export interface ShardWork {
  handler: TaskHandler;
  stats: TaskStats;
  settlements: Settlements;
  shard: number;
  lease: Lease;
}

/** Works a shard: loads what is due, begins the first of each key, settles, puts back or parks. */
export class ShardWorker {
  private readonly parts: TaskWorkerParts;
  private readonly rules: TaskRules;
  private readonly work: ShardWork;
  private readonly claim: Claim;
  private readonly lanes: TaskLanes;
  private readonly running = new Set<Promise<void>>();
  private doubtful = true;
  private lookedAt = 0;
  private distanceMs = PACE_MS;

  constructor(parts: TaskWorkerParts, rules: TaskRules, work: ShardWork) {
    this.parts = parts;
    this.rules = rules;
    this.work = work;
    const { name, epoch } = work.lease;
    this.claim = { queue: rules.queue, shard: work.shard, lease: name, epoch };
    this.lanes = new TaskLanes(parts.gate, () => this.wake());
  }

  /** Works until the lease is lost or given up; what has begun is finished first. */
  async run(): Promise<void> {
    const { lease } = this.work;
    const name = workerName(this.claim.queue, this.claim.shard);
    try {
      while (!lease.leaving.aborted) {
        const pause = await this.round();
        if (pause > 0) await this.parts.wakers.sleep(name, pause, lease.leaving);
      }
    } finally {
      await this.leave();
    }
  }

  /** Answers how long there is nothing to do. */
  private async round(): Promise<number> {
    try {
      await this.reclaim();
      await this.beginReady();
      // What was dropped meanwhile has to be given back first: only then is it taken in its order.
      if (this.doubtful) return 0;
      const free = this.free();
      const more = free > 0 && this.lanes.size < MEMORY && (await this.load());
      return more && this.free() > 0 ? 0 : await this.pause();
    } catch (error) {
      // What was taken in a statement whose answer got lost is taken again.
      this.doubtful = true;
      this.parts.logger.warn(
        { queue: this.claim.queue, shard: this.claim.shard, err: error },
        'Tasks could not be taken',
      );
      return REPAIR_PAUSE_MS;
    }
  }

  private async reclaim(): Promise<void> {
    if (!this.doubtful) return;
    this.doubtful = false;
    await this.parts.repository.reclaim(this.claim, this.lanes.all());
  }

  private wake(): void {
    this.parts.wakers.wakeHere(workerName(this.claim.queue, this.claim.shard));
  }

  private free(): number {
    return this.rules.concurrency - this.lanes.busy;
  }

  private async load(): Promise<boolean> {
    await pace(this.lookedAt, this.distanceMs, this.work.lease.leaving);
    this.lookedAt = performance.now();
    const limit = MEMORY - this.lanes.size;
    const free = this.free();
    const loaded = await this.parts.repository.load(this.claim, { limit, free, busyKeys: this.lanes.keys() });
    this.distanceMs = distanceAfter(this.lookedAt, PACE_MS);
    for (const task of loaded) this.lanes.add(task);
    if (loaded.length > 0) await this.beginReady();
    return loaded.length === limit;
  }

  /** Begins what may begin; attempts that are not yet counted are counted first, in one statement. */
  private async beginReady(): Promise<void> {
    const ready = this.lanes.takeReady(this.free());
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
      if (task.attempts === 0) this.forget(task);
      else this.start(task);
    }
  }

  private start(task: LoadedTask): void {
    this.work.stats.busy += 1;
    const done: Promise<void> = this.perform(task).finally(() => {
      this.work.stats.busy -= 1;
      this.running.delete(done);
      this.wake();
    });
    this.running.add(done);
  }

  private async perform(task: LoadedTask): Promise<void> {
    if (task.attempts > this.rules.maxAttempts) {
      await this.conclude(task, new Error('The process ended while it did this task.'), true);
      return;
    }
    const state = { settled: false };
    try {
      await this.attempt(task, state);
      const removed =
        state.settled || (await this.persist(task, () => this.parts.repository.remove(this.claim, task)));
      this.work.stats.done += 1;
      if (removed) this.lanes.finish(task);
      else this.forget(task);
    } catch (error) {
      if (state.settled) {
        this.work.stats.done += 1;
        this.lanes.finish(task);
      } else await this.conclude(task, error, false);
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
      lastAttempt: attempts >= this.rules.maxAttempts,
      settle: async (effect) => {
        await this.settle(row, effect);
        state.settled = true;
      },
      settleTogether: async (outcome, write) => {
        const end = { claim: this.claim, row, task, outcome, write: write as SettleTogether<unknown> };
        await this.work.settlements.settle(end);
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

  private async settle(row: LoadedTask, effect: (trx: Trx<unknown>) => Promise<void>): Promise<void> {
    const { database, repository } = this.parts;
    await database.withSpaces([row.spaceId], async (trx) => {
      if (!(await repository.settle(trx, this.claim, row))) throw new LostLeaseError(this.work.lease.name);
      await effect(trx);
    });
  }

  /** Puts a failed task back, or parks it. */
  private async conclude(task: LoadedTask, error: unknown, killed: boolean): Promise<void> {
    const verdict: Verdict = killed
      ? { kind: 'park', reason: reasonOf(error) }
      : judge(error, task, this.rules);
    const fields = { queue: this.claim.queue, task: task.id, attempt: task.attempts, err: error };
    this.parts.logger.warn(fields, verdict.kind === 'park' ? 'A task is given up' : 'A task failed');
    const ended = await this.persist(task, () => this.end(task, verdict, error));
    if (ended && verdict.kind === 'park') this.lanes.finish(task);
    else if (ended && verdict.kind === 'retry') this.lanes.drop(task);
    else this.forget(task);
    if (verdict.kind !== 'lost') this.work.stats[verdict.kind === 'park' ? 'parked' : 'retries'] += 1;
  }

  private async end(task: LoadedTask, verdict: Verdict, error: unknown): Promise<boolean> {
    if (verdict.kind === 'lost') return false;
    if (verdict.kind === 'park') await this.park(task, error, verdict.reason);
    else await this.parts.repository.postpone(this.claim, task, verdict);
    return true;
  }

  /** Drops a key whose head is no longer ours: what is behind it must not pass it, and is taken again in order. */
  private forget(task: LoadedTask): void {
    this.lanes.drop(task);
    this.doubtful = true;
  }

  /**
   * Writes the end of an attempt; goes on trying while the database is away, for as long as the lease lasts. False when
   * the task is no longer ours.
   */
  private async persist(task: LoadedTask, write: () => Promise<boolean>): Promise<boolean> {
    const { signal } = this.work.lease;
    while (!signal.aborted) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof LostLeaseError) return false;
        this.parts.logger.warn(
          { queue: this.claim.queue, task: task.id, err: error },
          'The end of a task could not be written yet',
        );
        await sleep(REPAIR_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }

  private async park(row: LoadedTask, error: unknown, reason: string): Promise<void> {
    const { id, key, spaceId, payload, attempts, traceparent } = row;
    await this.settle(row, async (trx) => {
      await this.rules.onGiveUp?.({ id, key, spaceId, payload, attempt: attempts }, error, trx);
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

  /** While others are at work their ends wake this worker, and what falls due meanwhile may wait a moment. */
  private async pause(): Promise<number> {
    if (this.free() === 0 || this.lanes.size >= MEMORY) return LONGEST_SLEEP_MS;
    if (this.lanes.busy > 0) return BUSY_SLEEP_MS;
    const due = await this.parts.repository.nextDue(this.claim);
    return due === null ? LONGEST_SLEEP_MS : Math.max(1, Math.min(LONGEST_SLEEP_MS, due + 1));
  }

  private async leave(): Promise<void> {
    const waiting = this.lanes.clearWaiting();
    if (waiting.length > 0) await this.parts.repository.unload(this.claim, waiting).catch(() => undefined);
    await Promise.allSettled(this.running);
  }
}
