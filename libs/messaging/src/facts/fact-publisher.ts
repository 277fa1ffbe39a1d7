import { setTimeout as sleep } from 'node:timers/promises';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import {
  type EventData,
  type EventDefinition,
  eventSubject,
  headerNames,
  newId,
  subjectToken,
} from '@parley/contracts';
import { type Outgoing, StreamPublisher } from '../event-log/stream-publisher.ts';
import { currentTraceparent } from '../tracing.ts';

interface Waiting extends Outgoing {
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
export class FactPublisher {
  private readonly publisher: StreamPublisher;
  private readonly source: string;
  private readonly queue: Waiting[] = [];
  private busy = false;

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
   * @throws Error when NATS did not acknowledge it within two seconds: it may or may not be stored, and may be published again
   */
  publish<Definition extends EventDefinition>(
    definition: Definition,
    spaceId: string,
    data: EventData<Definition>,
  ): Promise<void> {
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
        payload: JSON.stringify(data),
        headers: fill,
        resolve,
        reject,
      });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    // Requests of the same few milliseconds share a batch: the ones already read from their sockets come first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const batch = this.take();
      try {
        await this.store(batch);
        for (const one of batch) one.resolve();
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    this.busy = false;
  }

  private take(): Waiting[] {
    let bytes = 0;
    const fits = this.queue.findIndex(
      (one, index) => index >= BATCH_EVENTS || (bytes += Buffer.byteLength(one.payload) + 700) > BATCH_BYTES,
    );
    return this.queue.splice(0, fits === -1 ? this.queue.length : Math.max(1, fits));
  }

  /** Tries until they are stored or their time is over; a server that comes back in between costs its own pause only. */
  private async store(batch: readonly Waiting[]): Promise<void> {
    const until = performance.now() + PUBLISH_MS;
    for (let together = batch.length > 1; ; together = false) {
      try {
        if (together) await this.publisher.batch(batch);
        // One known id refuses a whole batch: what was tried before goes one by one.
        else for (const one of batch) await this.publisher.single(one);
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }
}
