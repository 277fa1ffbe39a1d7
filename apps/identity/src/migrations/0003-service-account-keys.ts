import { type Kysely, sql } from 'kysely';

/** A key may be a service account's: what is done with it is done by that account. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE api_key ADD COLUMN service_account_id text,
      ADD FOREIGN KEY (space_id, service_account_id) REFERENCES service_account (space_id, id) ON DELETE CASCADE`.execute(
    db,
  );
}
