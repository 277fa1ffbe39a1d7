import { definerFunction, tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Calls with their phases and turns, and what is known of channels. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE call (
      space_id text NOT NULL, id text NOT NULL, channel_id text NOT NULL, deployment_type text NOT NULL, conversation_id text, contact_id text,
      direction text NOT NULL, from_address text NOT NULL, to_address text NOT NULL, phase text NOT NULL, cause text, job jsonb NOT NULL,
      generation integer NOT NULL, dispatched_at timestamptz NOT NULL, caller_sid text, conversation_created boolean NOT NULL,
      after_sequence integer NOT NULL, started_at timestamptz NOT NULL, answered_at timestamptz, ended_at timestamptz,
      metadata jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id)) WITH (fillfactor = 70)`.execute(db);
  // A room bears its call's id, so that no two spaces may have the same.
  await sql`CREATE UNIQUE INDEX call_id ON call (id)`.execute(db);
  await sql`CREATE INDEX call_conversation ON call (space_id, conversation_id, id)`.execute(db);
  await sql`CREATE INDEX call_channel ON call (space_id, channel_id, id)`.execute(db);
  await sql`CREATE INDEX call_live ON call (id) WHERE phase <> 'ended'`.execute(db);
  await sql`
    CREATE TABLE call_phase (
      space_id text NOT NULL, call_id text NOT NULL, no bigint GENERATED ALWAYS AS IDENTITY, phase text NOT NULL, at timestamptz NOT NULL,
      PRIMARY KEY (space_id, call_id, no))`.execute(db);
  await sql`
    CREATE TABLE call_turn (
      space_id text NOT NULL, call_id text NOT NULL, id text NOT NULL, message_id text, reply_id text, start_of_speech_at timestamptz,
      end_of_speech_at timestamptz, end_of_turn_at timestamptz, transcribed_at timestamptz, first_token_at timestamptz,
      first_audio_at timestamptz, playout_at timestamptz, playout_ended_at timestamptz, interrupted_at_ms integer,
      PRIMARY KEY (space_id, call_id, id))`.execute(db);
  await sql`
    CREATE TABLE channel (
      space_id text NOT NULL, id text NOT NULL, status text NOT NULL, identifier text, after_call text,
      PRIMARY KEY (space_id, id))`.execute(db);
  for (const table of ['call', 'call_phase', 'call_turn', 'channel']) await tenantTable(db, table);
  await createLookups(db);
}

/** What LiveKit and the watch know a call by is its id alone. */
async function createLookups(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'space_of_call',
    args: 'call_id text',
    returns: 'text',
    body: 'SELECT space_id FROM call WHERE id = call_id',
  });
  await definerFunction(db, {
    name: 'live_calls',
    args: '',
    returns:
      'table (space_id text, id text, generation integer, answered boolean, started_at timestamptz, dispatched_at timestamptz)',
    body: `SELECT space_id, id, generation, answered_at IS NOT NULL, started_at, dispatched_at FROM call WHERE phase <> 'ended'`,
  });
}
