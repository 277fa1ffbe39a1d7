import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Conversations whose visitors may see a file because a message there names it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE share (
      space_id text NOT NULL, asset_id text NOT NULL, conversation_id text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, asset_id, conversation_id),
      FOREIGN KEY (space_id, asset_id) REFERENCES asset (space_id, id) ON DELETE CASCADE)`.execute(db);
  await sql`CREATE INDEX share_conversation ON share (space_id, conversation_id, asset_id)`.execute(db);
  await tenantTable(db, 'share');
}
