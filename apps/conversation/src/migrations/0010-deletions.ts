import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** What is left of conversations that were deleted: their ids, and the ids by which their messages would come again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE deleted_conversation (
      space_id text NOT NULL, id text NOT NULL, channel_id text, deleted_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  await sql`CREATE INDEX deleted_conversation_at ON deleted_conversation (space_id, deleted_at)`.execute(db);
  await sql`
    CREATE TABLE deleted_message (
      space_id text NOT NULL, channel_id text NOT NULL, provider_message_id text NOT NULL, deleted_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, channel_id, provider_message_id))`.execute(db);
  for (const table of ['deleted_conversation', 'deleted_message']) await tenantTable(db, table);
}
