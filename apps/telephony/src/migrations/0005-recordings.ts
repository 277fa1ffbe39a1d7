import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Recordings of calls, and what spaces and channels say of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE call ADD COLUMN recording_asset_id text`.execute(db);
  await sql`ALTER TABLE channel ADD COLUMN recording_enabled boolean`.execute(db);
  await sql`
    CREATE TABLE recording (
      space_id text NOT NULL, call_id text NOT NULL, generation integer NOT NULL, asset_id text, status text NOT NULL, reason text, parts integer,
      incomplete boolean NOT NULL DEFAULT true, started_at timestamptz NOT NULL, PRIMARY KEY (space_id, call_id, generation))`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX recording_asset ON recording (space_id, asset_id)`.execute(db);
  await sql`CREATE TABLE space (space_id text NOT NULL PRIMARY KEY, recording_consent text NOT NULL)`.execute(
    db,
  );
  for (const table of ['recording', 'space']) await tenantTable(db, table);
}
