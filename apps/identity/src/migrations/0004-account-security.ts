import { definerFunction, tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/**
 * Invitations, verified addresses, tokens that go by mail, sign-in failures by account and network, and who made a key.
 * Accounts that exist already got mail until now: their addresses count as verified. `sign_in_attempt` stays for pods of the
 * version before, which run beside the new ones for a moment.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`UPDATE account SET email_verified = true`.execute(db);
  await sql`
    ALTER TABLE session ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN address text, ADD COLUMN network text,
      ADD COLUMN user_agent text`.execute(db);
  await sql`
    CREATE TABLE sign_in_failure (
      email text NOT NULL, network text NOT NULL, failures integer NOT NULL, since timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (email, network))`.execute(
    db,
  );
  await sql`CREATE INDEX sign_in_failure_since ON sign_in_failure (since)`.execute(db);
  await sql`
    CREATE TABLE account_token (
      id text PRIMARY KEY, account_id text NOT NULL REFERENCES account ON DELETE CASCADE, purpose text NOT NULL, token_hash text NOT NULL,
      expires_at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`.execute(db);
  await sql`CREATE INDEX account_token_account ON account_token (account_id, purpose)`.execute(db);
  await sql`
    CREATE TABLE mail_log (
      id text PRIMARY KEY, kind text NOT NULL, address_hash text NOT NULL, space_id text, created_at timestamptz NOT NULL DEFAULT now())`.execute(
    db,
  );
  await sql`CREATE INDEX mail_log_address ON mail_log (address_hash, created_at)`.execute(db);
  await sql`CREATE INDEX mail_log_space ON mail_log (space_id, created_at)`.execute(db);
  await invitations(db);
  await keyMakers(db);
}

async function invitations(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE invitation (
      space_id text NOT NULL, id text NOT NULL, email text NOT NULL, role text NOT NULL, token_hash text NOT NULL, invited_by text,
      expires_at timestamptz NOT NULL, accepted_by text, accepted_at timestamptz, revoked_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (space_id, id))`.execute(
    db,
  );
  await tenantTable(db, 'invitation');
  await sql`
    CREATE UNIQUE INDEX invitation_open ON invitation (space_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX invitation_id ON invitation (id)`.execute(db);
  await definerFunction(db, {
    name: 'space_of_invitation',
    args: 'wanted text',
    returns: 'table (space_id text)',
    body: 'SELECT space_id FROM invitation WHERE id = wanted',
  });
}

/** The audit log knows who made each key; a key that another key made has the maker of that one. */
async function keyMakers(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE api_key ADD COLUMN created_by text`.execute(db);
  await sql`CREATE INDEX api_key_created_by ON api_key (space_id, created_by)`.execute(db);
  await sql`
    WITH RECURSIVE maker AS (
      SELECT space_id, target_id AS key_id, actor_type, actor_id FROM audit_entry WHERE action = 'api_key.created'
      UNION
      SELECT maker.space_id, maker.key_id, made.actor_type, made.actor_id FROM maker
      JOIN audit_entry made ON made.space_id = maker.space_id AND made.action = 'api_key.created' AND made.target_id = maker.actor_id
      WHERE maker.actor_type = 'api_key')
    UPDATE api_key SET created_by = maker.actor_id FROM maker
    WHERE maker.space_id = api_key.space_id AND maker.key_id = api_key.id AND maker.actor_type = 'account'`.execute(
    db,
  );
}
