import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Rooms, contacts, conversations, participants, messages, and what is known of accounts and agents. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await people(db);
  await conversations(db);
  await messages(db);
  const tables = [
    'room',
    'contact',
    'contact_identity',
    'directory',
    'conversation',
    'participant',
    'message',
    'message_version',
    'read_marker',
  ];
  for (const table of tables) await tenantTable(db, table);
}

const stamps = sql`
  metadata jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()`;

async function people(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE room (
      space_id text NOT NULL, id text NOT NULL, type text NOT NULL, name text, pair text, ${stamps}, PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX room_pair ON room (space_id, pair) WHERE type = 'direct'`.execute(db);
  await sql`
    CREATE TABLE contact (
      space_id text NOT NULL, id text NOT NULL, name text, attributes jsonb NOT NULL DEFAULT '{}', ${stamps}, PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  await sql`
    CREATE TABLE contact_identity (
      space_id text NOT NULL, channel_id text NOT NULL, type text NOT NULL, value text NOT NULL, contact_id text NOT NULL,
      PRIMARY KEY (space_id, channel_id, type, value))`.execute(db);
  await sql`CREATE INDEX contact_identity_contact ON contact_identity (space_id, contact_id)`.execute(db);
  await sql`
    CREATE TABLE directory (
      space_id text NOT NULL, id text NOT NULL, account_id text, name text NOT NULL, PRIMARY KEY (space_id, id))`.execute(
    db,
  );
}

async function conversations(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE conversation (
      space_id text NOT NULL, id text NOT NULL, room_id text NOT NULL, channel_id text, deployment_type text, sender_id text, contact_id text, target jsonb,
      status text NOT NULL, owner text NOT NULL, assignee text, subject text, labels jsonb NOT NULL DEFAULT '[]', last_sequence integer NOT NULL DEFAULT 0,
      ${stamps}, PRIMARY KEY (space_id, id)) WITH (fillfactor = 80)`.execute(db);
  await sql`
    CREATE UNIQUE INDEX conversation_active ON conversation (space_id, channel_id, sender_id)
    WHERE channel_id IS NOT NULL AND status IN ('open', 'paused')`.execute(db);
  await sql`CREATE INDEX conversation_contact ON conversation (space_id, contact_id, id)`.execute(db);
  await sql`
    CREATE TABLE participant (
      space_id text NOT NULL, parent_id text NOT NULL, id text NOT NULL, account_id text, contact_id text, agent_id text, name text NOT NULL,
      role text NOT NULL, auto_respond boolean NOT NULL, PRIMARY KEY (space_id, parent_id, id))`.execute(db);
}

async function messages(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE message (
      space_id text NOT NULL, conversation_id text NOT NULL, sequence integer NOT NULL, id text NOT NULL, author jsonb NOT NULL, parts jsonb NOT NULL,
      citations jsonb NOT NULL DEFAULT '[]', reply_to text, internal boolean NOT NULL DEFAULT false, status text NOT NULL, status_reason text,
      channel_id text, provider_message_id text, edited_at timestamptz, deleted_at timestamptz, ${stamps},
      PRIMARY KEY (space_id, conversation_id, sequence))`.execute(db);
  await sql`CREATE UNIQUE INDEX message_id ON message (space_id, id)`.execute(db);
  await sql`
    CREATE UNIQUE INDEX message_provider ON message (space_id, channel_id, provider_message_id)
    WHERE provider_message_id IS NOT NULL`.execute(db);
  await sql`
    CREATE TABLE message_version (
      space_id text NOT NULL, message_id text NOT NULL, no integer NOT NULL, parts jsonb NOT NULL, replaced_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, message_id, no))`.execute(db);
  await sql`
    CREATE TABLE read_marker (
      space_id text NOT NULL, conversation_id text NOT NULL, reader_id text NOT NULL, sequence integer NOT NULL,
      PRIMARY KEY (space_id, conversation_id, reader_id))`.execute(db);
}
