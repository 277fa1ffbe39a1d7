import { domainOf, type EventDefinition, newId, streamName } from '@parley/contracts';
import type { Trx } from '@parley/database';
import { type RawBuilder, sql } from 'kysely';
import { currentTraceparent } from '../tracing.ts';
import type { Wakers } from '../wakers.ts';

/** A fact about to be appended; the caller has locked the row its key belongs to. */
export interface NewEvent {
  definition: EventDefinition;
  spaceId: string;
  data: unknown;
  /** Drawn when absent. */
  id?: string;
}

/** A fact as it is stored. */
export interface StoredEvent {
  event_id: string;
  space_id: string;
  name: string;
  key: string;
  sequence: number | null;
  data: string;
  traceparent: string | null;
  shard: string;
}

/** Appends facts in the transaction of their effect; the relay publishes them in order after the commit. */
export class EventLog {
  private readonly wakers: Wakers;

  constructor(wakers: Wakers) {
    this.wakers = wakers;
  }

  /**
   * Appends events and their outbox rows in one statement.
   * @throws ZodError when data does not fit its declaration: a defect of the caller
   */
  async append<Tables>(trx: Trx<Tables>, events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    await sql`${appendFragment(events.map(toStored))} SELECT 1`.execute(trx);
    this.appended(trx, events);
  }

  /** Wakes the relays of these events after the commit; `append` does so by itself, one-statement writers call it. */
  appended(trx: object, events: readonly Pick<NewEvent, 'definition'>[]): void {
    for (const shard of new Set(events.map(({ definition }) => shardOf(definition.name))))
      this.wakers.afterCommit(trx, `relay.${shard}`);
  }

  /** Writes an entry of a key-value bucket through the outbox: a higher version replaces a lower one. */
  async put<Tables>(
    trx: Trx<Tables>,
    bucket: string,
    entry: { spaceId: string; key: string; version: number; value: unknown },
  ): Promise<void> {
    const { spaceId, key, version, value } = entry;
    await sql`
      INSERT INTO outbox (shard, event_id, space_id, key, entry)
      VALUES (${`kv:${bucket}`}, nextval('event_id_seq'), ${spaceId}, ${key}, ${JSON.stringify({ version, value })}::jsonb)`.execute(
      trx,
    );
    this.wakers.afterCommit(trx, `relay.kv:${bucket}`);
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
  return {
    event_id: event.id ?? newId('evt'),
    space_id: spaceId,
    name: definition.name,
    key: definition.key(data),
    sequence: definition.sequence?.(data) ?? null,
    data: JSON.stringify(data),
    traceparent: currentTraceparent(),
    shard: shardOf(definition.name),
  };
}

/** `WITH` parts that append events and outbox rows in the order given; a `SELECT` or more parts may follow. */
export function appendFragment(rows: readonly StoredEvent[]): RawBuilder<unknown> {
  const column = <Key extends keyof StoredEvent>(key: Key): StoredEvent[Key][] => rows.map((row) => row[key]);
  return sql`
    WITH given AS (
      SELECT nextval('event_id_seq') AS id, row.* FROM (
        SELECT * FROM unnest(
          ${column('event_id')}::text[], ${column('space_id')}::text[], ${column('name')}::text[], ${column('key')}::text[], ${column('sequence')}::bigint[],
          ${column('data')}::jsonb[], ${column('traceparent')}::text[], ${column('shard')}::text[]
        ) WITH ORDINALITY AS row (event_id, space_id, name, key, sequence, data, traceparent, shard, place) ORDER BY place) AS row
    ), appended AS (
      INSERT INTO event (id, event_id, space_id, name, key, sequence, data, traceparent)
      SELECT id, event_id, space_id, name, key, sequence, data, traceparent FROM given
    ), queued AS (
      INSERT INTO outbox (shard, event_id, space_id, key) SELECT shard, id, space_id, key FROM given
    )`;
}
