import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Channels, what became of their messages, and the names of possible targets. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE channel (
      space_id text NOT NULL, id text NOT NULL, deployment_type text NOT NULL, channel_name text, recording_enabled boolean NOT NULL,
      channel_identifier text NOT NULL, configuration jsonb NOT NULL, provider text, target jsonb, target_name text, language text, status text NOT NULL,
      status_reason text, sealed_secret text, version integer NOT NULL DEFAULT 1, created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(db);
  await sql`
    CREATE TABLE target (
      space_id text NOT NULL, id text NOT NULL, name text NOT NULL, usable boolean NOT NULL, PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  await sql`
    CREATE TABLE delivery (
      space_id text NOT NULL, id text NOT NULL, channel_id text NOT NULL, conversation_id text NOT NULL, message_id text NOT NULL, status text NOT NULL,
      attempts integer NOT NULL DEFAULT 0, reason text, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id))`.execute(db);
  await sql`CREATE UNIQUE INDEX delivery_message ON delivery (space_id, message_id)`.execute(db);
  await sql`CREATE INDEX delivery_channel ON delivery (space_id, channel_id, id)`.execute(db);
  for (const table of ['channel', 'target', 'delivery']) await tenantTable(db, table);
}
