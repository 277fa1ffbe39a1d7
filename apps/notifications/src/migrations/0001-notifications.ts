import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Rules, inboxes, what went out, and who is a member. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE rule (
      space_id text NOT NULL, id text NOT NULL, name text NOT NULL, event text NOT NULL, media jsonb NOT NULL, roles jsonb NOT NULL,
      enabled boolean NOT NULL, metadata jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(db);
  await sql`
    CREATE TABLE notification (
      space_id text NOT NULL, id text NOT NULL, account_id text NOT NULL, event text NOT NULL, title text NOT NULL, body text NOT NULL, conversation_id text,
      read_at timestamptz, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id))`.execute(db);
  await sql`CREATE INDEX notification_account ON notification (space_id, account_id, id)`.execute(db);
  await sql`
    CREATE TABLE delivery (
      space_id text NOT NULL, id text NOT NULL, notification_id text NOT NULL, account_id text NOT NULL, medium text NOT NULL, status text NOT NULL,
      reason text, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space_id, id))`.execute(db);
  await sql`
    CREATE TABLE member (
      space_id text NOT NULL, account_id text NOT NULL, name text NOT NULL, email text, role text NOT NULL,
      PRIMARY KEY (space_id, account_id))`.execute(db);
  for (const table of ['rule', 'notification', 'delivery', 'member']) await tenantTable(db, table);
}
