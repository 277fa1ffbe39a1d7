import { type Kysely, sql } from 'kysely';

/** What a carrier knows of a call. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE call ADD COLUMN provider_call_id text, ADD COLUMN provider_sequence integer`.execute(
    db,
  );
  // A carrier's call is started once, however often its stream is opened.
  await sql`
    CREATE UNIQUE INDEX call_of_provider ON call (space_id, channel_id, provider_call_id) WHERE provider_call_id IS NOT NULL`.execute(
    db,
  );
}
