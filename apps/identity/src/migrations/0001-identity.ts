import { definerFunction, tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Accounts and sessions lie above spaces; spaces, members, keys and the audit log below them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await accounts(db);
  await spaces(db);
  for (const table of ['space', 'membership', 'api_key', 'service_account', 'audit_entry'])
    await tenantTable(db, table);
  // The audit log is append-only for the service.
  await sql`DO $$ BEGIN EXECUTE format('REVOKE UPDATE, DELETE ON audit_entry FROM %I', current_setting('parley.service_role')); END $$`.execute(
    db,
  );
  await definerFunction(db, {
    name: 'spaces_of_account',
    args: 'wanted text',
    returns: 'table (space_id text, role text)',
    body: 'SELECT space_id, role FROM membership WHERE account_id = wanted',
  });
  await definerFunction(db, {
    name: 'space_of_key',
    args: 'wanted text',
    returns: 'table (space_id text)',
    body: 'SELECT space_id FROM api_key WHERE id = wanted',
  });
}

async function accounts(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE account (
      id text PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, password_hash text NOT NULL, email_verified boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now())`.execute(db);
  await sql`
    CREATE TABLE session (
      id text PRIMARY KEY, account_id text NOT NULL REFERENCES account, token_hash text NOT NULL, previous_hash text, expires_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now())`.execute(db);
  await sql`
    CREATE TABLE sign_in_attempt (
      email text PRIMARY KEY, failures integer NOT NULL, last_at timestamptz NOT NULL DEFAULT now())`.execute(
    db,
  );
  await sql`
    CREATE TABLE signing_key (
      id text PRIMARY KEY, public_key jsonb NOT NULL, private_key text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`.execute(
    db,
  );
}

async function spaces(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE space (
      space_id text PRIMARY KEY, name text NOT NULL, settings jsonb NOT NULL, metadata jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`.execute(
    db,
  );
  await sql`
    CREATE TABLE membership (
      space_id text NOT NULL, account_id text NOT NULL, id text NOT NULL, role text NOT NULL, name text NOT NULL, email text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, account_id))`.execute(
    db,
  );
  await sql`CREATE INDEX membership_account ON membership (account_id)`.execute(db);
  await sql`
    CREATE TABLE api_key (
      space_id text NOT NULL, id text NOT NULL, name text NOT NULL, role text NOT NULL, secret_hash text NOT NULL, last_four text NOT NULL,
      expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz, created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(db);
  await sql`CREATE UNIQUE INDEX api_key_id ON api_key (id)`.execute(db);
  await sql`
    CREATE TABLE service_account (
      space_id text NOT NULL, id text NOT NULL, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(db);
  await sql`
    CREATE TABLE audit_entry (
      space_id text NOT NULL, id text NOT NULL, actor_type text NOT NULL, actor_id text NOT NULL, action text NOT NULL, target_id text,
      created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(db);
}
