import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** When something was last said in each conversation: a narrow table, so that posting changes no index of conversations. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE conversation_activity (
      space_id text NOT NULL, conversation_id text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (space_id, conversation_id))
    WITH (fillfactor = 70)`.execute(db);
  await sql`
    INSERT INTO conversation_activity (space_id, conversation_id, at)
    SELECT c.space_id, c.id, date_trunc('milliseconds', coalesce(newest.created_at, c.created_at)) FROM conversation c
    LEFT JOIN LATERAL (
      SELECT m.created_at FROM message m
      WHERE m.space_id = c.space_id AND m.conversation_id = c.id ORDER BY m.sequence DESC LIMIT 1) AS newest ON true`.execute(
    db,
  );
  await sql`CREATE INDEX conversation_activity_at ON conversation_activity (space_id, at DESC, conversation_id DESC)`.execute(
    db,
  );
  await tenantTable(db, 'conversation_activity');
}
