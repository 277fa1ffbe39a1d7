import { setTimeout as sleep } from 'node:timers/promises';
import { headers, InvalidArgumentError, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import {
  type EventData,
  type EventDefinition,
  eventSubject,
  headerNames,
  newId,
  subjectToken,
  toStorable,
} from '@parley/contracts';
import { requireNoTransaction } from '@parley/database/transaction-scope';
import { type OutgoingMessage, PublishRejectedError, StreamPublisher } from './stream-publisher.ts';
import { currentTraceparent } from '../tracing.ts';

interface PendingEvent extends OutgoingMessage {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** How long a fact is tried. */
const PUBLISH_MS = 2000;
const PAUSE_MS = 50;
const BATCH_EVENTS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Publishes facts that no transaction stands behind (what reached a channel from outside) and waits until NATS has stored them.
 * What comes while a publish is under way shares the next atomic batch; a lone fact is published plainly.
 */
export class EventPublisher {
  private readonly publisher: StreamPublisher;
  private readonly source: string;
  private readonly queue: PendingEvent[] = [];
  private isDraining = false;

  constructor(nats: NatsConnection, source: string) {
    this.publisher = new StreamPublisher(nats);
    this.source = source;
  }

  /** Facts that wait for their turn. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Resolves once the fact is stored.
   * @throws Error when NATS refused it, or did not acknowledge it within two seconds: then it may or may not be stored, and may be
   * published again
   */
  publish<Definition extends EventDefinition>(
    definition: Definition,
    spaceId: string,
    given: EventData<Definition>,
  ): Promise<void> {
    requireNoTransaction(`The publishing of ${definition.name}`);
    const { data, payload } = storableOf(given);
    const key = definition.key(data);
    const traceparent = currentTraceparent();
    const id = newId('evt');
    const time = new Date().toISOString();
    const fill = (): MsgHdrs => {
      const found = headers();
      found.set(headerNames.messageId, id);
      found.set(headerNames.eventSpecVersion, '1.0');
      found.set(headerNames.eventId, id);
      found.set(headerNames.eventType, definition.name);
      found.set(headerNames.eventSource, `/parley/${this.source}`);
      found.set(headerNames.eventTime, time);
      found.set(headerNames.eventKey, subjectToken(key));
      if (traceparent) found.set(headerNames.traceparent, traceparent);
      return found;
    };
    return new Promise((resolve, reject) => {
      this.queue.push({
        subject: eventSubject(definition.name, spaceId, key),
        payload,
        headers: fill,
        resolve,
        reject,
      });
      if (!this.isDraining) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    // Requests of the same few milliseconds share a batch: the ones already read from their sockets come first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const batch = this.takeBatch();
      const deadline = performance.now() + PUBLISH_MS;
      if (await this.storeBatch(batch)) continue;
      for (const one of batch) await this.storeOne(one, deadline);
    }
    this.isDraining = false;
  }

  private takeBatch(): PendingEvent[] {
    let bytes = 0;
    const fits = this.queue.findIndex(
      (one, index) => index >= BATCH_EVENTS || (bytes += Buffer.byteLength(one.payload) + 700) > BATCH_BYTES,
    );
    return this.queue.splice(0, fits === -1 ? this.queue.length : Math.max(1, fits));
  }

  /** Whether all are stored. One that the stream refuses or knows already fails the whole batch: then they go one by one. */
  private async storeBatch(batch: readonly PendingEvent[]): Promise<boolean> {
    if (batch.length === 1) return false;
    try {
      await this.publisher.publishBatch(batch);
    } catch {
      return false;
    }
    for (const one of batch) one.resolve();
    return true;
  }

  /** Tries until it is stored, refused, or its time is over: a server that comes back in between costs a pause only. */
  private async storeOne(one: PendingEvent, deadline: number): Promise<void> {
    for (;;) {
      try {
        await this.publisher.publishOne(one);
        return one.resolve();
      } catch (error) {
        if (isFinal(error) || performance.now() > deadline) return one.reject(error);
        await sleep(PAUSE_MS);
      }
    }
  }
}

/** How JSON writes NUL and half a surrogate pair, which no consumer can store. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;

/** Consumers could only park an event that PostgreSQL rejects. */
function storableOf<Data>(given: Data): { data: Data; payload: string } {
  const payload = JSON.stringify(given);
  if (!UNSTORABLE.test(payload)) return { data: given, payload };
  const data = toStorable(given);
  return { data, payload: JSON.stringify(data) };
}

/** Nobody will store it, however often it is tried. */
function isFinal(error: unknown): boolean {
  return error instanceof PublishRejectedError || error instanceof InvalidArgumentError;
}
