import { domainOf, type EventDefinition, newId, streamName } from '@parley/contracts';
import type { Trx } from '@parley/database';
import type { RawBuilder } from 'kysely';
import { currentTraceparent } from '../tracing.ts';
import type { Wakers } from '../wakers.ts';
import { appendFragment, bucketShard, EventLogRepository, eventParts } from './event-log.repository.ts';
import type { StoredEvent } from './event-log.repository.ts';

export { appendFragment, eventParts } from './event-log.repository.ts';
export type { EventPart, StoredEvent } from './event-log.repository.ts';

/** Largest data of one event as JSON, in bytes: what is larger belongs into an asset. */
export const MAX_EVENT_BYTES = 1024 * 1024;

/** A fact about to be appended; the caller has locked the row its key belongs to. */
export interface NewEvent {
  definition: EventDefinition;
  spaceId: string;
  data: unknown;
  /** Drawn when absent. */
  id?: string;
}

/** An event whose sequence the statement itself draws; see `EventLog.sqlFragment`. */
export interface NewEventPart extends NewEvent {
  /** Name of the part that locked the key's row and returned its counter. */
  from: string;
  sequence: RawBuilder<unknown>;
  overlay?: RawBuilder<unknown>;
}

/** Appends facts in the transaction of their effect; the relay publishes them in order after the commit. */
export class EventLog {
  private readonly wakers: Wakers;
  private readonly repository = new EventLogRepository();

  constructor(wakers: Wakers) {
    this.wakers = wakers;
  }

  /**
   * Appends events and their outbox rows in one statement, in the order given. Lock the rows of their keys before:
   * ids then rise with the keys' sequences.
   * @throws ZodError when data does not fit its declaration, RangeError when it is too large: defects of the caller
   */
  async append<Tables>(trx: Trx<Tables>, events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.repository.append(trx, events.map(toStored));
    this.wakeRelays(trx, events);
  }

  /**
   * Parts of a statement that draws the sequence, writes the effect and appends the event in one round trip; call
   * `appended` beside it. Data need not hold the sequence yet: lay it over with `overlay`. The declaration checks
   * the data as given, so a sequence in it may be any valid number.
   */
  sqlFragment(event: NewEventPart): RawBuilder<unknown> {
    return eventParts({
      row: toStored(event),
      from: event.from,
      sequence: event.sequence,
      overlay: event.overlay,
    });
  }

  /**
   * The same as the first parts of a larger statement, `WITH …` without an end: for one that writes the effect and appends
   * its events in one round trip. It must be executed in this transaction.
   */
  appendParts<Tables>(trx: Trx<Tables>, events: readonly NewEvent[]): RawBuilder<unknown> {
    this.wakeRelays(trx, events);
    return appendFragment(events.map(toStored));
  }

  /** Wakes the relays of these events after the commit; `append` does so by itself, one-statement writers call it. */
  wakeRelays(trx: object, events: readonly Pick<NewEvent, 'definition'>[]): void {
    for (const shard of new Set(events.map(({ definition }) => shardOf(definition.name))))
      this.wakers.afterCommit(trx, `relay.${shard}`);
  }

  /**
   * Locks keys that have no row of their own and counts them on: what a service without an entity row per key needs
   * before it appends. Answers the last number given to each key (its next sequences end with it).
   * @param keys `count`: how many events each key is about to get
   */
  async advanceKeys<Tables>(
    trx: Trx<Tables>,
    keys: readonly { spaceId: string; key: string; count: number }[],
  ): Promise<Map<string, number>> {
    return keys.length === 0 ? new Map<string, number>() : this.repository.advanceKeys(trx, keys);
  }

  /** Writes an entry of a key-value bucket through the outbox: a higher version replaces a lower one. */
  async put<Tables>(
    trx: Trx<Tables>,
    bucket: string,
    entry: { spaceId: string; key: string; version: number; value: unknown },
  ): Promise<void> {
    const { spaceId, key, version, value } = entry;
    await this.repository.put(trx, { bucket, spaceId, key, version, value: JSON.stringify(value) });
    this.wakers.afterCommit(trx, `relay.${bucketShard(bucket)}`);
  }
}

/** The relay's shard of an event: its stream. */
export function shardOf(name: string): string {
  return streamName(domainOf(name));
}

/** Checks an event's data and shapes its row. */
export function toStored(event: NewEvent): StoredEvent {
  const { definition, spaceId } = event;
  const data = definition.data.parse(event.data);
  const text = JSON.stringify(data);
  if (Buffer.byteLength(text) > MAX_EVENT_BYTES) {
    throw new RangeError(
      `${definition.name} holds more than 1 MiB: put what is large into an asset and refer to it.`,
    );
  }
  return {
    event_id: event.id ?? newId('evt'),
    space_id: spaceId,
    name: definition.name,
    key: definition.key(data),
    sequence: definition.sequence?.(data) ?? null,
    data: text,
    traceparent: currentTraceparent(),
    shard: shardOf(definition.name),
  };
}
