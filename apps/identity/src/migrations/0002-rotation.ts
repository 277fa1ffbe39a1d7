import { type Kysely, sql } from 'kysely';

/** Refresh tokens are remembered as long as their session; signing keys retire and expire. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE used_refresh_token (
      session_id text NOT NULL REFERENCES session ON DELETE CASCADE, token_hash text NOT NULL, PRIMARY KEY (session_id, token_hash))`.execute(
    db,
  );
  await sql`
    INSERT INTO used_refresh_token SELECT id, previous_hash FROM session WHERE previous_hash IS NOT NULL`.execute(
    db,
  );
  await sql`ALTER TABLE session DROP COLUMN previous_hash`.execute(db);
  await sql`CREATE INDEX session_account ON session (account_id)`.execute(db);
  await sql`ALTER TABLE signing_key ADD COLUMN retired_at timestamptz, ADD COLUMN expires_at timestamptz`.execute(
    db,
  );
}
