import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Calls that carriers are asked to place, kept for a day. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE dial (
      space_id text NOT NULL, id text NOT NULL, channel_id text NOT NULL, to_address text NOT NULL, ring_seconds integer NOT NULL,
      detect_machine boolean NOT NULL, deadline timestamptz NOT NULL, is_canceled boolean NOT NULL DEFAULT false, dialed_at timestamptz,
      provider_call_id text, cause text, reason text, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  // What a carrier has placed belongs to one call.
  await sql`
    CREATE UNIQUE INDEX dial_of_provider ON dial (space_id, channel_id, provider_call_id) WHERE provider_call_id IS NOT NULL`.execute(
    db,
  );
  await tenantTable(db, 'dial');
}
