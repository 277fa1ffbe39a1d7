import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** How messages were spoken; what was spoken of an answer before it was stored waits for it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE message ADD COLUMN speech jsonb`.execute(db);
  await sql`ALTER TABLE conversation ADD COLUMN awaits_speech boolean NOT NULL DEFAULT false`.execute(db);
  await sql`
    CREATE TABLE awaited_speech (
      space_id text NOT NULL, conversation_id text NOT NULL, message_id text NOT NULL, speech jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, conversation_id, message_id))`.execute(
    db,
  );
  await tenantTable(db, 'awaited_speech');
}
