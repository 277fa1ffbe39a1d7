import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Agents, flows with their versions, runs with their traces. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE agent (
      space_id text NOT NULL, id text NOT NULL, name text NOT NULL, account_id text NOT NULL, instructions text NOT NULL,
      greeting text, model jsonb, model_api_key text, knowledge_base_ids jsonb NOT NULL, tools jsonb NOT NULL,
      suggested_questions jsonb NOT NULL, default_flow_id text, generated_flow_id text NOT NULL, metadata jsonb NOT NULL,
      version integer NOT NULL DEFAULT 1, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id))`.execute(db);
  await sql`
    CREATE TABLE flow (
      space_id text NOT NULL, id text NOT NULL, name text NOT NULL, draft jsonb, published_version integer,
      generated boolean NOT NULL DEFAULT false, metadata jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id))`.execute(db);
  await sql`
    CREATE TABLE flow_version (
      space_id text NOT NULL, flow_id text NOT NULL, number integer NOT NULL, graph jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, flow_id, number))`.execute(db);
  await sql`
    CREATE TABLE run (
      space_id text NOT NULL, id text NOT NULL, conversation_id text NOT NULL, responder_id text NOT NULL, flow_id text NOT NULL,
      agent_id text, version_number integer NOT NULL, status text NOT NULL, step_id text, step_state jsonb NOT NULL,
      variables jsonb NOT NULL, history jsonb NOT NULL, next_no integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id))`.execute(db);
  await sql`
    CREATE UNIQUE INDEX run_live ON run (space_id, conversation_id, responder_id)
      WHERE status IN ('running', 'waiting', 'handed_off')`.execute(db);
  await sql`CREATE INDEX run_by_conversation ON run (space_id, conversation_id)`.execute(db);
  await sql`CREATE INDEX run_by_flow ON run (space_id, flow_id, id)`.execute(db);
  await sql`
    CREATE TABLE run_step (
      space_id text NOT NULL, run_id text NOT NULL, no integer NOT NULL, step_id text NOT NULL, type text NOT NULL,
      input jsonb, output jsonb, started_at timestamptz NOT NULL, duration_ms integer NOT NULL, cost double precision,
      PRIMARY KEY (space_id, run_id, no))`.execute(db);
  for (const table of ['agent', 'flow', 'flow_version', 'run', 'run_step']) {
    await tenantTable(db, table);
  }
}
