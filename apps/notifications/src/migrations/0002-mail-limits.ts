import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Which members may get e-mail (those known until now count as verified, as their accounts do), and how much a space has sent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE member ADD COLUMN email_verified boolean NOT NULL DEFAULT true`.execute(db);
  await sql`
    CREATE TABLE mail_count (
      space_id text NOT NULL, hour timestamptz NOT NULL, count integer NOT NULL, PRIMARY KEY (space_id, hour))`.execute(
    db,
  );
  await tenantTable(db, 'mail_count');
}
