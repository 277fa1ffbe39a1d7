import { type Kysely, sql } from 'kysely';

/** Finds a document that is added twice. Without space_id in front, no other search is tempted to scan it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX document_by_content ON document (sha256, knowledge_base_id)`.execute(db);
}
