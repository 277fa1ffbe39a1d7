import type { Trx } from '@parley/database';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

const BUCKET_PREFIX = 'kv:';

/** A fact as it is stored. */
export interface StoredEvent {
  event_id: string;
  space_id: string;
  name: string;
  key: string;
  sequence: number | null;
  /** JSON text. */
  data: string;
  traceparent: string | null;
  /** The relay that publishes it. */
  shard: string;
}

/** `WITH` parts that append events and outbox rows in the order given; a `SELECT` or more parts may follow. */
export function appendFragment(rows: readonly StoredEvent[]): RawBuilder<unknown> {
  const column = <Key extends keyof StoredEvent>(key: Key): StoredEvent[Key][] => rows.map((row) => row[key]);
  return sql`
    WITH given AS MATERIALIZED (
      SELECT nextval('event_id_seq') AS id, clock_timestamp() AS occurred_at, row.* FROM (
        SELECT * FROM unnest(
          ${column('event_id')}::text[], ${column('space_id')}::text[], ${column('name')}::text[], ${column('key')}::text[],
          ${column('sequence')}::bigint[], ${column('data')}::jsonb[], ${column('traceparent')}::text[], ${column('shard')}::text[]
        ) WITH ORDINALITY AS row (event_id, space_id, name, key, sequence, data, traceparent, shard, place) ORDER BY place) AS row
    ), appended AS (
      INSERT INTO event (id, event_id, space_id, name, key, sequence, data, traceparent, occurred_at)
      SELECT id, event_id, space_id, name, key, sequence, data, traceparent, occurred_at FROM given
    ), queued AS (
      INSERT INTO outbox (shard, event_id, space_id, key, occurred_at) SELECT shard, id, space_id, key, occurred_at FROM given
    )`;
}

/** One event whose sequence is drawn by an earlier part of the same statement. */
export interface EventPart {
  row: StoredEvent;
  /** Name of an earlier part with one row, for example `counter`: the key's row is locked by it. */
  from: string;
  /** Expression over that part, for example sql`counter.last_sequence`. */
  sequence: RawBuilder<unknown>;
  /** JSON object laid over the data, for what only the statement knows. */
  overlay?: RawBuilder<unknown>;
}

/**
 * Parts `appended` and `queued` of a statement that gives a key its next sequence, writes the effect and appends the
 * event, all in one round trip. They follow a part that locks the key's row:
 * sql`WITH counter AS (UPDATE … RETURNING last_sequence), ${eventParts({ … })} SELECT …`.
 */
export function eventParts({ row, from, sequence, overlay }: EventPart): RawBuilder<unknown> {
  const data = overlay ? sql`${row.data}::jsonb || ${overlay}` : sql`${row.data}::jsonb`;
  return sql`
    appended AS (
      INSERT INTO event (event_id, space_id, name, key, sequence, data, traceparent)
      SELECT ${row.event_id}, ${row.space_id}, ${row.name}, ${row.key}, ${sequence}, ${data}, ${row.traceparent} FROM ${sql.table(from)}
      RETURNING id, space_id, key, occurred_at
    ), queued AS (
      INSERT INTO outbox (shard, event_id, space_id, key, occurred_at)
      SELECT ${row.shard}, id, space_id, key, occurred_at FROM appended
    )`;
}

/** The relay's shard of a key-value bucket. */
export function bucketShard(bucket: string): string {
  return `${BUCKET_PREFIX}${bucket}`;
}

/** The bucket that a relay's shard feeds; null for a shard that feeds a stream. */
export function bucketOf(shard: string): string | null {
  return shard.startsWith(BUCKET_PREFIX) ? shard.slice(BUCKET_PREFIX.length) : null;
}

/** An entry of a key-value bucket on its way through the outbox. */
export interface BucketWrite {
  bucket: string;
  spaceId: string;
  key: string;
  version: number;
  /** JSON text. */
  value: string;
}

/** SQL of the event log that runs in the transaction of the effect. */
export class EventLogRepository {
  async append<Tables>(trx: Trx<Tables>, rows: readonly StoredEvent[]): Promise<void> {
    await sql`${appendFragment(rows)} SELECT`.execute(trx);
  }

  /** Keeps the newest entry of each key, from which a bucket that was lost is written anew. */
  async put<Tables>(trx: Trx<Tables>, write: BucketWrite): Promise<void> {
    const { bucket, spaceId, key, version, value } = write;
    await sql`
      WITH kept AS (
        INSERT INTO bucket_entry (bucket, key, space_id, version, value)
        VALUES (${bucket}, ${key}, ${spaceId}, ${version}, ${value}::jsonb)
        ON CONFLICT (bucket, key) DO UPDATE SET version = excluded.version, value = excluded.value
        WHERE bucket_entry.version < excluded.version
      )
      INSERT INTO outbox (shard, event_id, space_id, key, occurred_at, entry)
      VALUES (${bucketShard(bucket)}, nextval('event_id_seq'), ${spaceId}, ${key}, clock_timestamp(),
        jsonb_build_object('version', ${version}::bigint, 'value', ${value}::jsonb))`.execute(trx);
  }

  /** Locks keys that have no row of their own elsewhere, in sorted order, and gives each its next numbers. */
  async advanceKeys<Tables>(
    trx: Trx<Tables>,
    keys: readonly { spaceId: string; key: string; count: number }[],
  ): Promise<Map<string, number>> {
    const sorted = [...keys].sort((a, b) => (a.key < b.key ? -1 : 1));
    const { rows } = await sql<{ key: string; sequence: number }>`
      INSERT INTO key_sequence (consumer, key, space_id, sequence)
      SELECT '@producer', key, space_id, count FROM unnest(
        ${sorted.map(({ key }) => key)}::text[], ${sorted.map(({ spaceId }) => spaceId)}::text[], ${sorted.map(({ count }) => count)}::bigint[]
      ) AS given (key, space_id, count)
      ON CONFLICT (consumer, key) DO UPDATE SET sequence = key_sequence.sequence + excluded.sequence
      RETURNING key, sequence`.execute(trx);
    return new Map(rows.map(({ key, sequence }) => [key, sequence]));
  }
}
