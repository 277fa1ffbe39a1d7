import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** One notification per event and account, the media it goes through, and which rules a space was given. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE notification ADD COLUMN source text, ADD COLUMN media jsonb NOT NULL DEFAULT '["inbox"]'`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX notification_source ON notification (space_id, account_id, source)`.execute(
    db,
  );
  await sql`
    CREATE INDEX notification_unread ON notification (space_id, conversation_id, account_id) WHERE read_at IS NULL`.execute(
    db,
  );
  await sql`
    CREATE TABLE default_rule (
      space_id text NOT NULL, event text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, event))`.execute(db);
  await tenantTable(db, 'default_rule');
}
