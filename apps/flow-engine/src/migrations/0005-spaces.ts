import { tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** How agents of a space hear and speak that do not say it themselves. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TABLE space_voice (space_id text PRIMARY KEY, voice jsonb NOT NULL)`.execute(db);
  await tenantTable(db, 'space_voice');
}
