import { definerFunction, tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Files, their folders, and how long spaces keep them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE folder (
      space_id text NOT NULL, id text NOT NULL, parent_id text, name text NOT NULL, metadata jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id), FOREIGN KEY (space_id, parent_id) REFERENCES folder (space_id, id))`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX folder_name ON folder (space_id, coalesce(parent_id, ''), name)`.execute(db);
  await sql`
    CREATE TABLE asset (
      space_id text NOT NULL, id text NOT NULL, folder_id text, conversation_id text, file_name text NOT NULL, content_type text NOT NULL,
      size bigint NOT NULL, sha256 text, status text NOT NULL, status_reason text, internal boolean NOT NULL,
      incomplete boolean NOT NULL DEFAULT false, in_parts boolean NOT NULL, check_token text, checking_until timestamptz,
      metadata jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id), FOREIGN KEY (space_id, folder_id) REFERENCES folder (space_id, id))`.execute(
    db,
  );
  await sql`CREATE INDEX asset_folder ON asset (space_id, folder_id, id)`.execute(db);
  await sql`CREATE INDEX asset_conversation ON asset (space_id, conversation_id, id)`.execute(db);
  await sql`CREATE INDEX asset_age ON asset (space_id, created_at)`.execute(db);
  await sql`CREATE INDEX asset_pending ON asset (created_at) WHERE status = 'pending'`.execute(db);
  await sql`CREATE TABLE retention (space_id text NOT NULL, days integer, PRIMARY KEY (space_id))`.execute(
    db,
  );
  for (const table of ['folder', 'asset', 'retention']) await tenantTable(db, table);
  await createSweeps(db);
}

/** What the sweep looks for, it looks for in all spaces. */
async function createSweeps(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'spaces_with_old_assets',
    args: '',
    returns: 'table (space_id text)',
    body: `SELECT r.space_id FROM retention r WHERE r.days IS NOT NULL AND EXISTS (
      SELECT FROM asset a WHERE a.space_id = r.space_id AND a.created_at < now() - r.days * interval '1 day')`,
  });
  await definerFunction(db, {
    name: 'stale_uploads',
    args: 'before timestamptz',
    returns: 'table (space_id text, id text, in_parts boolean)',
    body: `SELECT space_id, id, in_parts FROM asset WHERE status = 'pending' AND created_at < before ORDER BY created_at LIMIT 500`,
  });
}
