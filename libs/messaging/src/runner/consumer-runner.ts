import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { EventEnvelope } from '@parley/contracts';
import { type Database, isRetryable, type Trx } from '@parley/database';
import type { ParkedRepository } from '../dead-letters/parked.repository.ts';
import { LostLeaseError, reasonOf, RetryableError } from '../errors.ts';
import type { Lease } from '../leases/leases.ts';
import type { MessagingLogger } from '../logger.ts';
import { streamIdentity } from '../nats/streams.ts';
import { underTrace } from '../tracing.ts';
import type { ConsumerRepository, Position } from './consumer.repository.ts';
import { decode, type Incoming, toWaves, type Wave } from './incoming.ts';
import { LogReader } from './log-reader.ts';

/** What a handler of events works with. */
export interface EventContext<Tables = unknown> {
  trx: Trx<Tables>;
  /** Aborts when the lease is lost. */
  signal: AbortSignal;
  /** Runs once the batch has committed. */
  afterCommit(callback: () => void): void;
}

/** How repeats of an event are dropped: by the last sequence of its key, by an inbox row, or by the handler itself. */
export type Dedupe = 'sequence' | 'inbox' | 'own';

/** One handler of a consumer. */
export interface EventHandler {
  dedupe: Dedupe;
  handle(events: EventEnvelope[], context: EventContext): Promise<unknown>;
}

/** A consumer of one stream: its handlers by event name. */
export interface ConsumerSpec {
  /** `<consumer>.<stream>`. */
  id: string;
  stream: string;
  handlers: ReadonlyMap<string, EventHandler>;
}

/** What a runner needs. */
export interface RunnerParts {
  nats: NatsConnection;
  database: Database<unknown>;
  repository: ConsumerRepository;
  parked: ParkedRepository;
  logger: MessagingLogger;
}

/** What a consumer has done, for metrics. */
export interface RunnerStats {
  events: number;
  batches: number;
  retries: number;
  parked: number;
  position: number;
}

const BATCH = 256;
const IDLE_WAIT_MS = 1000;
const ATTEMPTS = 5;

/** Reads one partition for one consumer under a lease: effects and position commit together, so repeats and zombies change nothing. */
export class ConsumerRunner {
  readonly stats: RunnerStats = { events: 0, batches: 0, retries: 0, parked: 0, position: 0 };
  private readonly parts: RunnerParts;
  private readonly spec: ConsumerSpec;
  private readonly names: ReadonlySet<string>;

  constructor(parts: RunnerParts, spec: ConsumerSpec) {
    this.parts = parts;
    this.spec = spec;
    this.names = new Set(spec.handlers.keys());
  }

  /** `<consumer>.<stream>`. */
  get id(): string {
    return this.spec.id;
  }

  /** Works until the lease is lost; throws when the reader must be made anew. */
  async run(partition: number, lease: Lease): Promise<void> {
    const { nats, repository } = this.parts;
    const { epoch } = await streamIdentity(nats, this.spec.stream);
    const where: Position = {
      consumer: this.spec.id,
      partition,
      streamEpoch: epoch,
      leaseEpoch: lease.epoch,
    };
    let position = await repository.takeOver(where);
    const domain = this.spec.stream.toLowerCase();
    const reader = new LogReader(nats, {
      stream: this.spec.stream,
      subjects: [`${domain}.*.*.*.${partition}`],
      from: position + 1,
      signal: lease.signal,
    });
    await reader.open();
    let careful = true;
    let replayAt = 0;
    try {
      while (!lease.signal.aborted) {
        const messages = await reader.take(careful ? 1 : BATCH, IDLE_WAIT_MS);
        const batch = messages
          .filter((message) => message.seq > position)
          .map((message) => decode(message, this.names));
        if (batch.length > 0) position = await this.handle(where, position, batch, { lease, careful });
        if (batch.length === 0 || performance.now() > replayAt) {
          await this.replay(lease);
          replayAt = performance.now() + IDLE_WAIT_MS;
        }
        careful = false;
      }
    } finally {
      reader.close();
    }
  }

  private async handle(
    where: Position,
    from: number,
    batch: Incoming[],
    how: { lease: Lease; careful: boolean },
  ): Promise<number> {
    const { lease, careful } = how;
    const to = batch.at(-1)?.position ?? from;
    if (!careful && batch.every((one) => one.problem === null)) {
      try {
        await this.commit(where, { from, to }, batch, lease);
        return to;
      } catch (error) {
        if (error instanceof LostLeaseError || lease.signal.aborted) throw error;
        this.stats.retries += 1;
        this.parts.logger.warn(
          { consumer: this.spec.id, events: batch.length, err: error },
          'A batch failed and goes one by one',
        );
      }
    }
    let position = from;
    for (const one of batch) {
      await this.handleOne(where, position, one, lease);
      position = one.position;
    }
    return position;
  }

  /** One event by itself: its attempt is counted before, passing failures are repeated, and after the limit it is parked. */
  private async handleOne(where: Position, from: number, one: Incoming, lease: Lease): Promise<void> {
    for (;;) {
      if (lease.signal.aborted) throw new LostLeaseError(lease.name);
      try {
        if (await this.tryOne(where, from, one, lease)) return;
      } catch (error) {
        if (!isRetryable(error)) throw error;
      }
      this.stats.retries += 1;
      await sleep(200, undefined, { signal: lease.signal }).catch(() => undefined);
    }
  }

  /** Whether the event is behind us: done or parked. */
  private async tryOne(where: Position, from: number, one: Incoming, lease: Lease): Promise<boolean> {
    const { repository, logger } = this.parts;
    const counted = one.event !== null || one.problem !== null;
    const attempts = counted ? await repository.countAttempt(where, one.position) : 0;
    const hopeless = one.problem ?? (attempts > ATTEMPTS ? 'It ended the process.' : null);
    if (hopeless !== null) return this.giveUp(where, from, one, { lease, attempts, reason: hopeless });
    const failure = await this.attempt(where, from, one, lease);
    if (failure === null) return true;
    const passing = isPassing(failure);
    if (passing) await repository.uncountAttempt(where, one.position);
    else if (attempts >= ATTEMPTS) {
      return this.giveUp(where, from, one, { lease, attempts, reason: reasonOf(failure) });
    }
    logger.warn(
      { consumer: this.spec.id, event: one.event?.id, attempts, err: failure },
      'An event failed and is tried again',
    );
    return false;
  }

  private async giveUp(
    where: Position,
    from: number,
    one: Incoming,
    why: { lease: Lease; attempts: number; reason: string },
  ): Promise<true> {
    await this.parkOne(where, from, one, why);
    return true;
  }

  private async attempt(where: Position, from: number, one: Incoming, lease: Lease): Promise<unknown> {
    try {
      await this.commit(where, { from, to: one.position }, [one], lease);
      return null;
    } catch (error) {
      if (error instanceof LostLeaseError) throw error;
      return error;
    }
  }

  private async commit(
    where: Position,
    move: { from: number; to: number },
    batch: Incoming[],
    lease: Lease,
  ): Promise<void> {
    const { database, repository } = this.parts;
    const events = batch.flatMap((one) => (one.event ? [one.event] : []));
    const spaces = [...new Set(events.map((event) => event.spaceId))];
    await database.withSpaces(spaces, async (trx) => {
      if (!(await repository.move(trx, where, move.from, move.to))) throw new LostLeaseError(lease.name);
      const ready = await this.parkBehind(trx, events);
      for (const wave of toWaves(ready)) await this.deliver(trx, wave, lease);
      await repository.forgetAttempts(trx, where, move.to);
      if (lease.signal.aborted) throw new LostLeaseError(lease.name);
    });
    this.stats.events += events.length;
    this.stats.batches += 1;
    this.stats.position = move.to;
  }

  private async deliver(trx: Trx<unknown>, wave: Wave, lease: Lease): Promise<void> {
    const handler = this.spec.handlers.get(wave.name);
    if (!handler) return;
    const fresh = await this.fresh(trx, wave.events, handler.dedupe);
    if (fresh.length === 0) return;
    const context: EventContext = {
      trx,
      signal: lease.signal,
      afterCommit: (callback) => this.parts.database.afterCommit(trx, callback),
    };
    const [first] = fresh;
    await underTrace(first?.traceparent, () => handler.handle(fresh, context));
  }

  /** Drops what was handled before: a producer may publish twice, and a new stream epoch starts at the beginning. */
  private async fresh(trx: Trx<unknown>, events: EventEnvelope[], dedupe: Dedupe): Promise<EventEnvelope[]> {
    const { repository } = this.parts;
    const { id } = this.spec;
    if (dedupe === 'own') return events;
    if (dedupe === 'inbox') {
      const unseen = await repository.receive(trx, id, events);
      return events.filter((event) => unseen.delete(event.id));
    }
    const last = await repository.sequences(trx, id, [...new Set(events.map((event) => event.key))]);
    const rows = new Map<string, { key: string; spaceId: string; sequence: number }>();
    const fresh = events.filter((event) => {
      const { key, spaceId, sequence } = event;
      if (sequence === null || sequence <= (rows.get(key)?.sequence ?? last.get(key) ?? 0)) return false;
      rows.set(key, { key, spaceId, sequence });
      return true;
    });
    await repository.saveSequences(
      trx,
      id,
      [...rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    return fresh;
  }

  /** Events whose key has something parked wait behind it. */
  private async parkBehind(trx: Trx<unknown>, events: EventEnvelope[]): Promise<EventEnvelope[]> {
    const keys = await this.parts.parked.parkedKeys(trx, this.spec.id, [
      ...new Set(events.map((event) => event.key)),
    ]);
    if (keys.size === 0) return events;
    for (const event of events.filter(({ key }) => keys.has(key))) {
      await this.park(trx, event, { attempts: 0, reason: 'An earlier event of the same key is parked.' });
    }
    return events.filter(({ key }) => !keys.has(key));
  }

  private async park(
    trx: Trx<unknown>,
    event: EventEnvelope,
    why: { attempts: number; reason: string },
  ): Promise<void> {
    const { key, spaceId, name } = event;
    await this.parts.parked.park(trx, {
      source: 'event',
      consumer: this.spec.id,
      key,
      spaceId,
      name,
      content: event,
      ...why,
    });
    this.stats.parked += 1;
  }

  private async parkOne(
    where: Position,
    from: number,
    one: Incoming,
    why: { lease: Lease; attempts: number; reason: string },
  ): Promise<void> {
    const { lease, attempts, reason } = why;
    this.parts.logger.error(
      { consumer: this.spec.id, event: one.event?.id, attempts, reason },
      'An event was parked',
    );
    const event = one.event ?? {
      id: `${this.spec.stream}-${one.position}`,
      name: one.name,
      spaceId: one.spaceId,
      key: one.key,
      sequence: null,
      time: '',
      data: one.text,
    };
    await this.parts.database.withSpaces([one.spaceId], async (trx) => {
      if (!(await this.parts.repository.move(trx, where, from, one.position)))
        throw new LostLeaseError(lease.name);
      await this.park(trx, event, { attempts, reason });
      await this.parts.repository.forgetAttempts(trx, where, one.position);
    });
  }

  /** Does again what an operator asked for, in order, through the same path; any partition's holder may. */
  private async replay(lease: Lease): Promise<void> {
    const { database, parked } = this.parts;
    for (
      let entry = await parked.nextReplay(this.spec.id);
      entry && !lease.signal.aborted;
      entry = await parked.nextReplay(this.spec.id)
    ) {
      const { id, name, spaceId } = entry;
      const event = entry.content as EventEnvelope;
      try {
        await database.withSpaces([spaceId], async (trx) => {
          if (await parked.unpark(trx, id)) await this.deliver(trx, { name, events: [event] }, lease);
        });
      } catch (error) {
        this.parts.logger.warn({ consumer: this.spec.id, event: event.id, err: error }, 'A replay failed');
        await parked.unmark(id, reasonOf(error));
        return;
      }
    }
  }
}

function isPassing(error: unknown): boolean {
  return isRetryable(error) || error instanceof RetryableError;
}
