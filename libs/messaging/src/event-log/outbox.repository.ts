import type { Database } from '@parley/database';
import { sql } from 'kysely';

/** One outbox row with its event, or with an entry of a key-value bucket. */
export interface OutboxRow {
  outboxId: string;
  eventId: string | null;
  spaceId: string;
  name: string | null;
  key: string;
  sequence: number | null;
  data: unknown;
  traceparent: string | null;
  occurredAt: Date | null;
  entry: { version?: number; value?: unknown; subject?: string; id?: string } | null;
}

/** All SQL of the relay, under the runner role. */
export class OutboxRepository {
  private readonly database: Database<unknown>;

  constructor(database: Database<unknown>) {
    this.database = database;
  }

  async next(shard: string, limit: number): Promise<OutboxRow[]> {
    const { rows } = await sql<OutboxRow>`
      SELECT o.event_id AS "outboxId", e.event_id AS "eventId", o.space_id AS "spaceId", e.name, o.key, e.sequence::int AS sequence, e.data, e.traceparent,
        e.occurred_at AS "occurredAt", o.entry
      FROM (SELECT * FROM outbox WHERE shard = ${shard} ORDER BY event_id LIMIT ${limit}) AS o
      LEFT JOIN event e ON e.key = o.key AND e.id = o.event_id
      ORDER BY o.event_id`.execute(this.database.kysely);
    return rows;
  }

  async remove(shard: string, ids: readonly string[]): Promise<void> {
    await sql`DELETE FROM outbox WHERE shard = ${shard} AND event_id = ANY (${[...ids]}::bigint[])`.execute(
      this.database.kysely,
    );
  }

  /** Seconds the oldest row of each shard has waited, by the event it points to. */
  async waiting(): Promise<{ shard: string; rows: number }[]> {
    const { rows } = await sql<{
      shard: string;
      rows: number;
    }>`SELECT shard, count(*)::int AS rows FROM outbox GROUP BY shard`.execute(this.database.kysely);
    return rows;
  }
}
