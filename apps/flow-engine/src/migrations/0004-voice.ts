import { type Kysely, sql } from 'kysely';

/** How agents hear and speak. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE agent ADD COLUMN voice jsonb`.execute(db);
}
