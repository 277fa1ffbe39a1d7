import type { Database } from '@parley/database';
import { deadLetterStream } from '@parley/contracts';
import { type RawBuilder, sql } from 'kysely';
import { bucketOf } from './event-log.repository.ts';

/** One outbox row with its event, or with an entry of a key-value bucket or a dead letter. */
export interface OutboxRow {
  outboxId: number;
  eventId: string | null;
  spaceId: string;
  name: string | null;
  key: string;
  sequence: number | null;
  data: unknown;
  traceparent: string | null;
  occurredAt: Date;
  entry: { version?: number; value?: unknown; subject?: string; id?: string } | null;
}

/** What waits in a shard. */
export interface OutboxLag {
  shard: string;
  rows: number;
  /** Age of the oldest row. */
  oldestSeconds: number;
}

/** Counting stops here: more is simply "a lot". */
const COUNT_LIMIT = 100_000;

/** All SQL of the relay, under the runner role. */
export class OutboxRepository {
  private readonly database: Database<unknown>;

  constructor(database: Database<unknown>) {
    this.database = database;
  }

  /**
   * Removes rows that NATS has acknowledged, and answers the oldest of the others. The order of a shard is that of the
   * ids: nothing lower appears once a key's higher one is seen. The removal does not wait for the disk: a row that comes
   * back after a crash is published again under its id, which the stream and its readers know.
   */
  async nextRows(shard: string, limit: number, acknowledged: readonly number[] = []): Promise<OutboxRow[]> {
    const removed = sql`${[...acknowledged]}::bigint[]`;
    // LIMIT 1 keeps the planner at one index look-up per row, whatever it believes of the tables' sizes.
    const { rows } = await sql<OutboxRow>`
      WITH removed AS (
        DELETE FROM outbox WHERE shard = ${shard} AND event_id = ANY (${removed})
      )
      SELECT o.event_id AS "outboxId", e.event_id AS "eventId", o.space_id AS "spaceId", e.name, o.key, e.sequence, e.data,
        e.traceparent, o.occurred_at AS "occurredAt", o.entry
      FROM (
        SELECT * FROM outbox WHERE shard = ${shard} AND event_id <> ALL (${removed}) ORDER BY event_id LIMIT ${limit}
      ) AS o
      LEFT JOIN LATERAL (
        SELECT * FROM event WHERE event.key = o.key AND event.id = o.event_id AND event.occurred_at = o.occurred_at LIMIT 1
      ) AS e ON o.entry IS NULL
      ORDER BY o.event_id`.execute(this.database.relaxed);
    return rows;
  }

  /** Removes rows that NATS has acknowledged. */
  async remove(shard: string, ids: readonly number[]): Promise<void> {
    await sql`DELETE FROM outbox WHERE shard = ${shard} AND event_id = ANY (${[...ids]}::bigint[])`.execute(
      this.database.relaxed,
    );
  }

  /** What waits, for metrics and readiness. */
  async lag(): Promise<OutboxLag[]> {
    const { rows } = await sql<OutboxLag>`
      SELECT shard, count(*)::int AS rows, extract(epoch FROM clock_timestamp() - min(occurred_at))::float8 AS "oldestSeconds"
      FROM (SELECT shard, occurred_at FROM outbox LIMIT ${COUNT_LIMIT}) AS sample GROUP BY shard`.execute(
      this.database.kysely,
    );
    return rows;
  }

  /**
   * Remembers the epoch of the stream or bucket that a shard feeds. When it is another than before, it is new and empty:
   * all that it held is queued again, ahead of what is newer. Answers how many rows.
   * @param service name of the service, for the subjects of dead letters
   */
  async requeueForNewTarget(shard: string, epoch: string, service: string): Promise<number> {
    return this.database.kysely.transaction().execute(async (trx) => {
      const { rows: known } = await sql<{ epoch: string }>`
        SELECT stream_epoch AS epoch FROM position WHERE consumer = ${`@relay.${shard}`} AND partition = 0 FOR UPDATE`.execute(
        trx,
      );
      if (known[0]?.epoch === epoch) return 0;
      await sql`
        INSERT INTO position (consumer, partition, stream_epoch, position, lease_epoch) VALUES (${`@relay.${shard}`}, 0, ${epoch}, 0, 0)
        ON CONFLICT (consumer, partition) DO UPDATE SET stream_epoch = excluded.stream_epoch`.execute(trx);
      if (!known[0]) return 0;
      const { numAffectedRows } = await requeue(shard, service).execute(trx);
      return Number(numAffectedRows ?? 0);
    });
  }
}

function requeue(shard: string, service: string): RawBuilder<unknown> {
  const bucket = bucketOf(shard);
  if (bucket !== null)
    return sql`
      INSERT INTO outbox (shard, event_id, space_id, key, occurred_at, entry)
      SELECT ${shard}, nextval('event_id_seq'), space_id, key, clock_timestamp(), jsonb_build_object('version', version, 'value', value)
      FROM bucket_entry WHERE bucket = ${bucket}`;
  if (shard === deadLetterStream)
    return sql`
      INSERT INTO outbox (shard, event_id, space_id, key, occurred_at, entry)
      SELECT ${shard}, nextval('event_id_seq'), space_id, key, clock_timestamp(), jsonb_build_object(
        'id', id, 'subject', 'dead_letter.' || ${service} || '.' || replace(consumer, '.', '_') || '.' || space_id,
        'value', jsonb_build_object('id', id, 'service', ${service}::text, 'source', source, 'consumer', consumer, 'key', key,
          'spaceId', space_id, 'name', name, 'content', content, 'reason', reason, 'attempts', attempts))
      FROM (SELECT * FROM parked ORDER BY no) AS parked`;
  return sql`
    INSERT INTO outbox (shard, event_id, space_id, key, occurred_at)
    SELECT ${shard}, id, space_id, key, occurred_at FROM event WHERE name LIKE ${`${shard.toLowerCase().replaceAll('_', '\\_')}.%`}
    ON CONFLICT (shard, event_id) DO NOTHING`;
}
