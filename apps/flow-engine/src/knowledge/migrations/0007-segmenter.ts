import { definerFunction } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/**
 * Which form the index of a document has. Documents that are there keep theirs (0), with the English stems it has, until
 * a task has segmented them again. The columns have constant defaults: no row is written.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE document ADD COLUMN segmenter_version smallint NOT NULL DEFAULT 0,
      ADD COLUMN languages text NOT NULL DEFAULT 'english', ADD COLUMN own_title text`.execute(db);
  await definerFunction(db, {
    name: 'documents_to_segment',
    args: 'version integer, most integer',
    returns: 'table (space_id text, id text)',
    body: `
      SELECT document.space_id, document.id FROM document
      WHERE document.segmenter_version < version AND document.status = 'ready'
      ORDER BY document.segmenter_version, document.space_id, document.id LIMIT most`,
  });
}
