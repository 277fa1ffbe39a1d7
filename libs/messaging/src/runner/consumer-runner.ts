import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { EventDefinition, EventEnvelope } from '@parley/contracts';
import { type Database, isDataException, isRetryable, type Trx } from '@parley/database';
import { PARKED_BEHIND, type ParkedRepository } from '../dead-letters/parked.repository.ts';
import { LostLeaseError, reasonOf, RetryableError } from '../errors.ts';
import type { Lease } from '../leases/leases.ts';
import type { MessagingLogger } from '../logger.ts';
import { streamIdentity } from '../nats/streams.ts';
import { isSuspect, type SuspectGate } from '../suspect-gate.ts';
import { underTrace } from '../tracing.ts';
import type { ConsumerRepository, Position } from './consumer.repository.ts';
import { type Dedupe, Deduper } from './dedupe.ts';
import { decode, type Incoming, revive, toWaves, type Wave } from './incoming.ts';
import { JointCommits } from './joint-commits.ts';
import { LogReader } from './log-reader.ts';
import type { PositionBoard } from './position-board.ts';

/** What a handler of events works with. */
export interface EventContext<Tables = unknown> {
  trx: Trx<Tables>;
  /** Aborts when the lease is lost. */
  signal: AbortSignal;
  /** Runs once the batch has committed. */
  afterCommit(callback: () => void): void;
}

/** One handler of a consumer. */
export interface EventHandler {
  definition: EventDefinition;
  dedupe: Dedupe;
  handle(events: EventEnvelope[], context: EventContext): Promise<unknown>;
}

/** A consumer of one stream: its handlers by event name. */
export interface ConsumerSpec {
  /** `<consumer>.<stream>`. */
  id: string;
  stream: string;
  handlers: ReadonlyMap<string, EventHandler>;
  /** Batches begin at least that far apart. */
  paceMs?: number | undefined;
}

/** What a runner needs. */
export interface RunnerParts {
  nats: NatsConnection;
  database: Database<unknown>;
  repository: ConsumerRepository;
  parked: ParkedRepository;
  logger: MessagingLogger;
  /** One of the process: what may have ended it before is tried again alone. */
  gate: SuspectGate;
  /** Is told how far each partition has come, for the trimming of streams. */
  board?: PositionBoard;
  /** How often that is told, and a quiet partition moved up; default 30,000 ms. */
  quietMs?: number;
}

/** What a consumer has done, for metrics. */
export interface RunnerStats {
  /** Events of names that are handled here. */
  events: number;
  batches: number;
  /** Size of the last batch. */
  batchSize: number;
  retries: number;
  parked: number;
  /** Messages of the stream that wait for the partitions held here. */
  lag: number;
}

const BATCH = 256;

/**
 * So many go one by one after a death. Few, since most deaths are no event's fault; one that is further behind and ends
 * its process again comes nearer by as many each time.
 */
const CAREFUL = 32;

/** Batches begin at least that far apart: under load what comes meanwhile is handled together. */
const PACE_MS = 8;
const IDLE_WAIT_MS = 1000;
const QUIET_MS = 30_000;
const ATTEMPTS = 5;
const RETRY_MS = 200;

/** How an attempt at one event ended. */
interface Attempt {
  /** With this one. */
  attempts: number;
  failure: unknown;
}

/** What a partition has taken. */
interface Taken {
  run: Run;
  batch: Incoming[];
}

/** A partition while it is held. */
interface Run {
  where: Position;
  lease: Lease;
  reader: LogReader;
  position: number;
  /** So many messages go one by one: the holder before may have died of one of them. */
  careful: number;
  /** What the holders before had begun and not ended. */
  begun: ReadonlyMap<number, number>;
}

/** Reads one partition for one consumer under a lease: effects and position commit together, so repeats and zombies change nothing. */
export class ConsumerRunner {
  readonly stats: RunnerStats = { events: 0, batches: 0, batchSize: 0, retries: 0, parked: 0, lag: 0 };
  private readonly parts: RunnerParts;
  private readonly spec: ConsumerSpec;
  private readonly deduper: Deduper;
  private readonly lags = new Map<number, number>();
  private readonly joint: JointCommits<Taken>;

  constructor(parts: RunnerParts, spec: ConsumerSpec) {
    this.parts = parts;
    this.spec = spec;
    this.deduper = new Deduper(parts.repository, spec.id);
    this.joint = new JointCommits((taken) => this.commit(taken), spec.paceMs ?? PACE_MS);
  }

  /** `<consumer>.<stream>`. */
  get id(): string {
    return this.spec.id;
  }

  /** Works until the lease is lost; throws when the reader must be made anew. */
  async run(partition: number, lease: Lease): Promise<void> {
    const run = await this.open(partition, lease);
    let lookAt = 0;
    const { quietMs = QUIET_MS } = this.parts;
    let quietAt = performance.now() + quietMs * Math.random();
    try {
      await run.reader.open();
      while (!lease.signal.aborted) {
        const found = await this.step(run);
        const now = performance.now();
        if (partition === 0 && (found === 0 || now > lookAt)) {
          await this.replay(lease);
          lookAt = now + IDLE_WAIT_MS;
        }
        if (now < quietAt) continue;
        if (found === 0) await this.moveUp(run);
        await this.parts.board?.report(run.where, run.position);
        quietAt = now + quietMs;
      }
    } finally {
      run.reader.close();
      this.lags.delete(partition);
      this.countLag();
    }
  }

  private async open(partition: number, lease: Lease): Promise<Run> {
    const { nats, repository } = this.parts;
    const { id: consumer, stream } = this.spec;
    const { epoch, lastSequence } = await streamIdentity(nats, stream);
    const where: Position = { consumer, stream, partition, streamEpoch: epoch, leaseEpoch: lease.epoch };
    const position = await repository.takeOver(where, lastSequence);
    const begun = await repository.attempts(where);
    // Only what is handled here is sent here.
    const subjects = [...this.spec.handlers.keys()].map((name) => `${name}.*.*.${partition}`);
    const reader = new LogReader(nats, { stream, subjects, from: position + 1, signal: lease.signal });
    await this.parts.board?.report(where, position);
    return { where, lease, reader, position, careful: lease.expired ? CAREFUL : 0, begun };
  }

  /** Takes what has come and does it; answers how much that was. */
  private async step(run: Run): Promise<number> {
    const messages = await run.reader.take(BATCH, IDLE_WAIT_MS);
    const last = messages.at(-1);
    if (!last) return 0;
    this.lags.set(run.where.partition, last.info.pending);
    const batch = messages
      .filter((message) => message.seq > run.position)
      .map((message) => decode(message, this.spec.handlers));
    // What is only passed over needs no transaction: the position follows with the next event, or when all is quiet.
    if (batch.some((one) => one.event !== null || one.problem !== null)) await this.handle(run, batch);
    this.countLag();
    run.careful = last.info.pending === 0 ? 0 : Math.max(0, run.careful - messages.length);
    return messages.length;
  }

  private countLag(): void {
    this.stats.lag = [...this.lags.values()].reduce((sum, one) => sum + one, 0);
  }

  private async handle(run: Run, batch: Incoming[]): Promise<void> {
    if (run.careful === 0 && batch.every((one) => one.problem === null)) {
      try {
        return await this.joint.submit({ run, batch }, batch.length);
      } catch (error) {
        if (error instanceof LostLeaseError || run.lease.signal.aborted) throw error;
        this.stats.retries += 1;
        this.parts.logger.warn(
          { consumer: this.spec.id, events: batch.length, err: error },
          'A batch failed and goes one by one',
        );
      }
    }
    for (const one of batch) await this.handleOne(run, one);
  }

  /** One event by itself: its attempt is counted before, passing failures are repeated, and after the limit it is parked. A value that the database rejects is parked at the first attempt. */
  private async handleOne(run: Run, one: Incoming): Promise<void> {
    if (one.problem !== null) return this.patiently(run, () => this.parkOne(run, one, 0, one.problem ?? ''));
    if (one.event === null) return this.patiently(run, () => this.commit([{ run, batch: [one] }]));
    let before = run.begun.get(one.position) ?? 0;
    for (;;) {
      const { attempts, failure } = await this.patiently(run, () => this.attempt(run, one, before));
      if (failure === null) return;
      if (attempts >= ATTEMPTS || isDataException(failure))
        return this.patiently(run, () => this.parkOne(run, one, attempts, reasonOf(failure)));
      this.stats.retries += 1;
      this.parts.logger.warn(
        { consumer: this.spec.id, event: one.event.id, attempts, err: failure },
        'An event failed and is tried again',
      );
      before = attempts;
      await pause(run);
    }
  }

  /** Repeats what fails for the sake of the machinery, or of a handler that asks for it, as long as the lease lasts. */
  private async patiently<Result>(run: Run, work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      if (run.lease.signal.aborted) throw new LostLeaseError(run.lease.name);
      try {
        return await work();
      } catch (error) {
        if (error instanceof LostLeaseError || !isPassing(error)) throw error;
        this.stats.retries += 1;
        this.parts.logger.warn({ consumer: this.spec.id, err: error }, 'A failure of the moment: once more');
        await pause(run, error instanceof RetryableError ? error.afterMs : undefined);
      }
    }
  }

  /** One attempt; alone in the process where earlier ones had no end. */
  private async attempt(run: Run, one: Incoming, before: number): Promise<Attempt> {
    return isSuspect(before)
      ? this.parts.gate.pass(() => this.countedAttempt(run, one))
      : this.countedAttempt(run, one);
  }

  /** A lost lease and passing failures are thrown and count for nothing. */
  private async countedAttempt(run: Run, one: Incoming): Promise<Attempt> {
    const { repository } = this.parts;
    if (run.lease.signal.aborted) throw new LostLeaseError(run.lease.name);
    const attempts = await repository.countAttempt(run.where, one.position);
    if (attempts > ATTEMPTS) return { attempts, failure: new Error('It ended the process.') };
    try {
      await this.commit([{ run, batch: [one] }]);
      return { attempts, failure: null };
    } catch (error) {
      if (!(error instanceof LostLeaseError || isPassing(error))) return { attempts, failure: error };
      await repository.uncountAttempt(run.where, one.position).catch(() => undefined);
      throw error;
    }
  }

  /** One transaction for what one or several partitions have taken: their positions move with the effect, or nothing does. */
  private async commit(taken: readonly Taken[]): Promise<void> {
    const { database } = this.parts;
    const steps = taken.map(({ run, batch }) => ({ run, to: batch.at(-1)?.position ?? run.position }));
    const events = taken.flatMap(({ batch }) => batch.flatMap((one) => (one.event ? [one.event] : [])));
    const spaces = [...new Set(events.map((event) => event.spaceId))];
    const signals = taken.map(({ run }) => run.lease.signal);
    const [only] = signals;
    const signal = signals.length === 1 && only ? only : AbortSignal.any(signals);
    await database.withSpaces(spaces, async (trx) => {
      const ready = await this.parkBehind(trx, events, await this.move(trx, steps, events));
      for (const wave of toWaves(ready)) await this.deliver(trx, wave, signal);
      for (const { run } of taken) if (run.lease.signal.aborted) throw new LostLeaseError(run.lease.name);
    });
    for (const { run, to } of steps) run.position = to;
    this.stats.events += events.length;
    this.stats.batches += 1;
    this.stats.batchSize = taken.reduce((sum, { batch }) => sum + batch.length, 0);
  }

  /** Moves positions; answers the keys that have something parked. */
  private async move(
    trx: Trx<unknown>,
    steps: readonly { run: Run; to: number }[],
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
  private async moveUp(run: Run): Promise<void> {
    const end = await run.reader.caughtUp().catch(() => null);
    if (end === null || end <= run.position) return;
    await this.parts.database.withSpaces([], (trx) => this.move(trx, [{ run, to: end }]));
    run.position = end;
  }

  private async deliver(trx: Trx<unknown>, wave: Wave, signal: AbortSignal): Promise<void> {
    const handler = this.spec.handlers.get(wave.name);
    if (!handler) return;
    const fresh = await this.deduper.fresh(trx, wave.events, handler.dedupe);
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
  private async parkBehind(
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
    const about = { consumer: this.spec.id, key, spaceId, name };
    await this.parts.parked.park(trx, { source: 'event', content: event, ...about, ...why });
    this.stats.parked += 1;
  }

  private async parkOne(run: Run, one: Incoming, attempts: number, reason: string): Promise<void> {
    const { name, spaceId, key, text: data } = one;
    const id = `${this.spec.stream}-${one.position}`;
    const event = one.event ?? { id, name, spaceId, key, sequence: null, time: '', data };
    await this.parts.database.withSpaces([spaceId], async (trx) => {
      await this.move(trx, [{ run, to: one.position }]);
      await this.park(trx, event, { attempts, reason });
    });
    run.position = one.position;
    this.parts.logger.error(
      { consumer: this.spec.id, event: event.id, attempts, reason },
      'An event was parked',
    );
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
        const event = revive(entry, this.spec.handlers);
        await database.withSpaces([spaceId], async (trx) => {
          if (await parked.unpark(trx, id))
            await this.deliver(trx, { name: event.name, events: [event] }, lease.signal);
        });
      } catch (error) {
        this.parts.logger.warn({ consumer: this.spec.id, parked: id, err: error }, 'A replay failed');
        if (!isPassing(error)) await parked.unmark(id, reasonOf(error));
        return;
      }
    }
  }
}

function isPassing(error: unknown): boolean {
  return !isDataException(error) && (isRetryable(error) || error instanceof RetryableError);
}

async function pause(run: Run, milliseconds = RETRY_MS): Promise<void> {
  await sleep(milliseconds, undefined, { signal: run.lease.signal }).catch(() => undefined);
}
