import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** The phone numbers of channels. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE phone_number (
      space_id text NOT NULL, id text NOT NULL, number text NOT NULL, provider text NOT NULL, provider_number_id text NOT NULL,
      capabilities jsonb NOT NULL, calls_channel_id text, messages_channel_id text, metadata jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX phone_number_number ON phone_number (space_id, number)`.execute(db);
  // A number rings in one place: two spaces with the same account cannot both have it.
  await sql`CREATE UNIQUE INDEX phone_number_provider ON phone_number (provider, provider_number_id)`.execute(
    db,
  );
  await tenantTable(db, 'phone_number');
}
