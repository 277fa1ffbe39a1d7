import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** What providers gave, and how a channel stands with its provider. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE channel ADD COLUMN sealed_credentials text`.execute(db);
  await sql`
    CREATE TABLE connection (
      space_id text NOT NULL, id text NOT NULL, wanted text NOT NULL, intent integer NOT NULL, settled integer NOT NULL DEFAULT 0, task_id text,
      provider_number_id text, phone_configuration_id text, webhook_url text, is_written boolean NOT NULL DEFAULT false, former jsonb, failures integer NOT NULL DEFAULT 0,
      checked_at timestamptz, PRIMARY KEY (space_id, id))`.execute(db);
  await tenantTable(db, 'connection');
}
