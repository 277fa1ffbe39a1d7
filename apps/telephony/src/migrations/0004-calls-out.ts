import { definerFunction } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Calls that the platform places. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE channel ADD COLUMN deployment_type text`.execute(db);
  await sql`ALTER TABLE call ADD COLUMN joined_at timestamptz, ADD COLUMN reason text`.execute(db);
  await sql`UPDATE call SET joined_at = started_at WHERE direction = 'outbound'`.execute(db);
  await sql`CREATE INDEX call_out ON call (space_id, started_at) WHERE direction = 'outbound'`.execute(db);
  await sql`
    CREATE INDEX call_out_live ON call (space_id) WHERE direction = 'outbound' AND phase <> 'ended'`.execute(
    db,
  );
  // While somebody is dialled there is neither room nor agent to be missed.
  await definerFunction(db, {
    name: 'live_calls',
    args: '',
    returns:
      'table (space_id text, id text, generation integer, answered boolean, started_at timestamptz, dispatched_at timestamptz)',
    body: `SELECT space_id, id, generation, answered_at IS NOT NULL,
      CASE direction WHEN 'outbound' THEN joined_at ELSE started_at END, dispatched_at
      FROM call WHERE phase <> 'ended' AND (direction <> 'outbound' OR joined_at IS NOT NULL)`,
  });
}
