import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** The flow an agent runs, and tokens that let one live session in. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE target ADD COLUMN default_flow_id text`.execute(db);
  await sql`
    CREATE TABLE session_token (
      space_id text NOT NULL, id text NOT NULL, channel_id text NOT NULL, expires_at timestamptz NOT NULL, PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  await tenantTable(db, 'session_token');
}
