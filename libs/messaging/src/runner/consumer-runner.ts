import { setTimeout as sleep } from 'node:timers/promises';
import type { EventEnvelope } from '@parley/contracts';
import { isDataException, isRetryable, type Trx } from '@parley/database';
import { PARKED_BEHIND } from '../dead-letters/parked.repository.ts';
import { LostLeaseError, reasonOf, RetryableError } from '../errors.ts';
import type { Lease } from '../leases/leases.ts';
import { streamIdentity } from '../nats/streams.ts';
import { isSuspect } from '../suspect-gate.ts';
import { underTrace } from '../tracing.ts';
import type { ConsumerPartition } from './consumer.repository.ts';
import { Deduper } from './dedupe.ts';
import { decode, type DecodedMessage, restoreParkedEvent, groupByName, type EventGroup } from './decoding.ts';
import type { ConsumerSpec, EventContext, RunnerParts, RunnerStats } from './consumer-spec.ts';
import { CommitBatcher } from './commit-batcher.ts';
import { LogReader } from './log-reader.ts';

export type { ConsumerSpec, EventContext, EventHandler, RunnerParts, RunnerStats } from './consumer-spec.ts';

const MAX_BATCH_SIZE = 256;

/**
 * So many go one by one after a death. Few, since most deaths are no event's fault; one that is further behind and ends
 * its process again comes nearer by as many each time.
 */
const CAUTIOUS_MESSAGES = 32;

/** Batches begin at least that far apart: under load what comes meanwhile is handled together. */
const MIN_INTERVAL_MS = 8;
const IDLE_WAIT_MS = 1000;
const REPORT_INTERVAL_MS = 30_000;
const MAX_ATTEMPTS = 5;
const RETRY_MS = 200;

/** How an attempt at one event ended. */
interface Attempt {
  /** With this one. */
  attempts: number;
  failure: unknown;
}

/** What a partition has taken. */
interface PartitionBatch {
  run: PartitionRun;
  batch: DecodedMessage[];
}

/** A partition while it is held. */
interface PartitionRun {
  where: ConsumerPartition;
  lease: Lease;
  reader: LogReader;
  position: number;
  /** How far it has read; what lies between was passed over. */
  seen: number;
  /** So many messages go one by one: the holder before may have died of one of them. */
  cautiousMessages: number;
  /** What the holders before had begun and not ended. */
  openAttempts: ReadonlyMap<number, number>;
}

/** Reads one partition for one consumer under a lease: effects and position commit together, so repeats and zombies change nothing. */
export class ConsumerRunner {
  readonly stats: RunnerStats = { events: 0, batches: 0, batchSize: 0, retries: 0, parked: 0, lag: 0 };
  private readonly parts: RunnerParts;
  private readonly spec: ConsumerSpec;
  private readonly deduper: Deduper;
  private readonly lags = new Map<number, number>();
  private readonly commits: CommitBatcher<PartitionBatch>;

  constructor(parts: RunnerParts, spec: ConsumerSpec) {
    this.parts = parts;
    this.spec = spec;
    this.deduper = new Deduper(parts.repository, spec.id);
    this.commits = new CommitBatcher((taken) => this.commit(taken), spec.minIntervalMs ?? MIN_INTERVAL_MS);
  }

  /** `<consumer>.<stream>`. */
  get id(): string {
    return this.spec.id;
  }

  /** Works until the lease is lost; throws when the reader must be made anew. */
  async run(partition: number, lease: Lease): Promise<void> {
    const run = await this.open(partition, lease);
    let isReplayAsked = true;
    const stopListening =
      partition === 0 && this.parts.wakers.listen(`replay.${this.spec.id}`, () => (isReplayAsked = true));
    const { reportIntervalMs = REPORT_INTERVAL_MS } = this.parts;
    let nextReportAt = performance.now() + reportIntervalMs * Math.random();
    try {
      await run.reader.open();
      while (!lease.signal.aborted) {
        const found = await this.step(run);
        const now = performance.now();
        if (partition === 0 && isReplayAsked) {
          isReplayAsked = false;
          await this.replay(lease);
        }
        if (now < nextReportAt) continue;
        if (run.seen > run.position) await this.moveTo(run, run.seen);
        if (found === 0) await this.advanceWhenIdle(run);
        await this.parts.positions?.report(run.where, run.position);
        nextReportAt = now + reportIntervalMs;
      }
    } finally {
      if (stopListening) stopListening();
      run.reader.close();
      this.lags.delete(partition);
      this.countLag();
    }
  }

  private async open(partition: number, lease: Lease): Promise<PartitionRun> {
    const { nats, repository } = this.parts;
    const { id: consumer, stream } = this.spec;
    const { epoch, lastSequence } = await streamIdentity(nats, stream);
    const where: ConsumerPartition = {
      consumer,
      stream,
      partition,
      streamEpoch: epoch,
      leaseEpoch: lease.epoch,
    };
    const position = await repository.takeOver(where, lastSequence);
    const openAttempts = await repository.attempts(where);
    // Only what is handled here is sent here.
    const subjects = [...this.spec.handlers.keys()].map((name) => `${name}.*.*.${partition}`);
    const reader = new LogReader(nats, { stream, subjects, from: position + 1, signal: lease.signal });
    await this.parts.positions?.report(where, position);
    return {
      where,
      lease,
      reader,
      position,
      seen: position,
      cautiousMessages: lease.expired ? CAUTIOUS_MESSAGES : 0,
      openAttempts,
    };
  }

  /** Takes what has come and does it; answers how much that was. */
  private async step(run: PartitionRun): Promise<number> {
    const messages = await run.reader.readBatch(MAX_BATCH_SIZE, IDLE_WAIT_MS);
    const last = messages.at(-1);
    if (!last) return 0;
    this.lags.set(run.where.partition, last.info.pending);
    const batch = messages
      .filter((message) => message.seq > run.position)
      .map((message) => decode(message, this.spec.handlers));
    // What is only passed over needs no transaction: the position follows with the next event, or with the next report.
    run.seen = last.seq;
    if (batch.some((one) => one.event !== null || one.problem !== null)) await this.handle(run, batch);
    this.countLag();
    run.cautiousMessages = last.info.pending === 0 ? 0 : Math.max(0, run.cautiousMessages - messages.length);
    return messages.length;
  }

  private countLag(): void {
    this.stats.lag = [...this.lags.values()].reduce((sum, one) => sum + one, 0);
  }

  private async handle(run: PartitionRun, batch: DecodedMessage[]): Promise<void> {
    if (run.cautiousMessages === 0 && batch.every((one) => one.problem === null)) {
      try {
        return await this.commits.submit({ run, batch }, batch.length);
      } catch (error) {
        if (error instanceof LostLeaseError || run.lease.signal.aborted) throw error;
        this.stats.retries += 1;
        this.parts.logger.warn(
          { consumer: this.spec.id, events: batch.length, err: error },
          'Event batch failed, handling its events one by one',
        );
      }
    }
    for (const one of batch) await this.handleOne(run, one);
  }

  /** One event by itself: its attempt is counted before, passing failures are repeated, and after the limit it is parked. A value that the database rejects is parked at the first attempt. */
  private async handleOne(run: PartitionRun, one: DecodedMessage): Promise<void> {
    if (one.problem !== null)
      return this.retryTransient(run, () => this.parkOne(run, one, 0, one.problem ?? ''));
    if (one.event === null) return this.retryTransient(run, () => this.commit([{ run, batch: [one] }]));
    let before = run.openAttempts.get(one.position) ?? 0;
    for (;;) {
      const { attempts, failure } = await this.retryTransient(run, () => this.attempt(run, one, before));
      if (failure === null) return;
      if (attempts >= MAX_ATTEMPTS || isDataException(failure))
        return this.retryTransient(run, () => this.parkOne(run, one, attempts, reasonOf(failure)));
      this.stats.retries += 1;
      this.parts.logger.warn(
        { consumer: this.spec.id, event: one.event.id, attempts, err: failure },
        'Event handling failed, retrying',
      );
      before = attempts;
      await waitBeforeRetry(run);
    }
  }

  /** Repeats what fails for the sake of the machinery, or of a handler that asks for it, as long as the lease lasts. */
  private async retryTransient<Result>(run: PartitionRun, work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      if (run.lease.signal.aborted) throw new LostLeaseError(run.lease.name);
      try {
        return await work();
      } catch (error) {
        if (error instanceof LostLeaseError || !isTransient(error)) throw error;
        this.stats.retries += 1;
        this.parts.logger.warn({ consumer: this.spec.id, err: error }, 'Transient failure, retrying');
        await waitBeforeRetry(run, error instanceof RetryableError ? error.afterMs : undefined);
      }
    }
  }

  /** One attempt; alone in the process where earlier ones had no end. */
  private async attempt(run: PartitionRun, one: DecodedMessage, before: number): Promise<Attempt> {
    return isSuspect(before)
      ? this.parts.gate.runExclusive(() => this.countedAttempt(run, one))
      : this.countedAttempt(run, one);
  }

  /** A lost lease and passing failures are thrown and count for nothing. */
  private async countedAttempt(run: PartitionRun, one: DecodedMessage): Promise<Attempt> {
    const { repository } = this.parts;
    if (run.lease.signal.aborted) throw new LostLeaseError(run.lease.name);
    const attempts = await repository.countAttempt(run.where, one.position);
    if (attempts > MAX_ATTEMPTS) return { attempts, failure: new Error('It ended the process.') };
    try {
      await this.commit([{ run, batch: [one] }]);
      return { attempts, failure: null };
    } catch (error) {
      if (!(error instanceof LostLeaseError || isTransient(error))) return { attempts, failure: error };
      await repository.discountAttempt(run.where, one.position).catch(() => undefined);
      throw error;
    }
  }

  /** One transaction for what one or several partitions have taken: their positions move with the effect, or nothing does. */
  private async commit(taken: readonly PartitionBatch[]): Promise<void> {
    const { database } = this.parts;
    const steps = taken.map(({ run, batch }) => ({ run, to: batch.at(-1)?.position ?? run.position }));
    const events = taken.flatMap(({ batch }) => batch.flatMap((one) => (one.event ? [one.event] : [])));
    const spaces = [...new Set(events.map((event) => event.spaceId))];
    const signals = taken.map(({ run }) => run.lease.signal);
    const [only] = signals;
    const signal = signals.length === 1 && only ? only : AbortSignal.any(signals);
    await database.withSpaces(spaces, async (trx) => {
      const ready = await this.parkBlocked(trx, events, await this.advance(trx, steps, events));
      for (const wave of groupByName(ready)) await this.deliver(trx, wave, signal);
      for (const { run } of taken) if (run.lease.signal.aborted) throw new LostLeaseError(run.lease.name);
    });
    for (const { run, to } of steps) run.position = to;
    this.stats.events += events.length;
    this.stats.batches += 1;
    this.stats.batchSize = taken.reduce((sum, { batch }) => sum + batch.length, 0);
  }

  /** Moves positions; answers the keys that have something parked. */
  private async advance(
    trx: Trx<unknown>,
    steps: readonly { run: PartitionRun; to: number }[],
    events: readonly EventEnvelope[] = [],
  ): Promise<Set<string>> {
    const keys = [...new Set(events.map((event) => event.key))];
    const moves = steps.map(({ run, to }) => ({ where: run.where, from: run.position, to }));
    const { parked, moved } = await this.parts.repository.move(trx, this.spec.id, moves, keys);
    const lost = steps.find(({ run }) => !moved.has(run.where.partition));
    if (lost) throw new LostLeaseError(lost.run.lease.name);
    return parked;
  }

  /** With nothing to do, what others wrote into the stream is behind this partition too. */
  private async advanceWhenIdle(run: PartitionRun): Promise<void> {
    const end = await run.reader.lastSequenceIfCaughtUp().catch(() => null);
    if (end !== null && end > run.position) await this.moveTo(run, end);
  }

  /** Moves a position over what has no effect. */
  private async moveTo(run: PartitionRun, to: number): Promise<void> {
    await this.parts.database.withSpaces([], (trx) => this.advance(trx, [{ run, to }]));
    run.position = to;
  }

  private async deliver(trx: Trx<unknown>, wave: EventGroup, signal: AbortSignal): Promise<void> {
    const handler = this.spec.handlers.get(wave.name);
    if (!handler) return;
    const fresh = await this.deduper.filterNew(trx, wave.events, handler.dedupe);
    if (fresh.length === 0) return;
    const context: EventContext = {
      trx,
      signal,
      afterCommit: (callback) => this.parts.database.afterCommit(trx, callback),
    };
    const [first] = fresh;
    await underTrace(first?.traceparent, () => handler.handle(fresh, context));
  }

  /** Events whose key has something parked wait behind it. */
  private async parkBlocked(
    trx: Trx<unknown>,
    events: EventEnvelope[],
    keys: ReadonlySet<string>,
  ): Promise<EventEnvelope[]> {
    if (keys.size === 0) return events;
    for (const event of events.filter(({ key }) => keys.has(key)))
      await this.park(trx, event, { attempts: 0, reason: PARKED_BEHIND });
    return events.filter(({ key }) => !keys.has(key));
  }

  private async park(
    trx: Trx<unknown>,
    event: EventEnvelope,
    why: { attempts: number; reason: string },
  ): Promise<void> {
    const { key, spaceId, name } = event;
    const fields = { consumer: this.spec.id, key, spaceId, name };
    await this.parts.parked.park(trx, { source: 'event', content: event, ...fields, ...why });
    this.stats.parked += 1;
  }

  private async parkOne(
    run: PartitionRun,
    one: DecodedMessage,
    attempts: number,
    reason: string,
  ): Promise<void> {
    const { name, spaceId, key, text: data } = one;
    const id = `${this.spec.stream}-${one.position}`;
    const event = one.event ?? { id, name, spaceId, key, sequence: null, time: '', data };
    await this.parts.database.withSpaces([spaceId], async (trx) => {
      await this.advance(trx, [{ run, to: one.position }]);
      await this.park(trx, event, { attempts, reason });
    });
    run.position = one.position;
    this.parts.logger.error({ consumer: this.spec.id, event: event.id, attempts, reason }, 'Event parked');
  }

  /** Does again what an operator asked for, in order, through the same path: the holder of the first partition does. */
  private async replay(lease: Lease): Promise<void> {
    const { database, parked } = this.parts;
    for (
      let entry = await parked.nextReplay(this.spec.id);
      entry && !lease.signal.aborted;
      entry = await parked.nextReplay(this.spec.id)
    ) {
      const { id, spaceId } = entry;
      try {
        const event = restoreParkedEvent(entry, this.spec.handlers);
        await database.withSpaces([spaceId], async (trx) => {
          if (await parked.unpark(trx, id))
            await this.deliver(trx, { name: event.name, events: [event] }, lease.signal);
        });
      } catch (error) {
        this.parts.logger.warn(
          { consumer: this.spec.id, parked: id, err: error },
          'Replay of a parked event failed',
        );
        if (!isTransient(error)) await parked.unmarkReplay(id, reasonOf(error));
        return;
      }
    }
  }
}

function isTransient(error: unknown): boolean {
  return !isDataException(error) && (isRetryable(error) || error instanceof RetryableError);
}

async function waitBeforeRetry(run: PartitionRun, milliseconds = RETRY_MS): Promise<void> {
  await sleep(milliseconds, undefined, { signal: run.lease.signal }).catch(() => undefined);
}
