import { definerFunction } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Newest messages of a space that are also searched for parts of words and misspellings: no index, so a bound. */
const NEAR_WINDOW = 5000;

/** How much of a word's trigrams another shares that may stand for it, misspelt. */
const ALIKE = 0.6;

/** Reactions, times of reading, and search. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE message ADD COLUMN reactions jsonb NOT NULL DEFAULT '[]'`.execute(db);
  await sql`ALTER TABLE read_marker ADD COLUMN read_at timestamptz NOT NULL DEFAULT now()`.execute(db);
  await sql`CREATE INDEX conversation_room ON conversation (space_id, room_id, id)`.execute(db);
  await sql`CREATE INDEX participant_contact ON participant (space_id, contact_id) WHERE contact_id IS NOT NULL`.execute(
    db,
  );
  await sql`CREATE EXTENSION IF NOT EXISTS btree_gin`.execute(db);
  await sql`CREATE EXTENSION IF NOT EXISTS pg_trgm`.execute(db);
  // An index of trigrams would cost each message as much again as everything else; words are a third of that.
  await sql`
    CREATE INDEX message_words ON message USING gin (
      space_id ${sql.id(await schemaOf(db, 'btree_gin'))}.text_ops,
      jsonb_to_tsvector('simple', jsonb_path_query_array(parts, '$[*].text'), '["string"]'))`.execute(db);
  await createSearch(db, await schemaOf(db, 'pg_trgm'));
}

/** Extensions may have been installed into another schema before. */
async function schemaOf(db: Kysely<unknown>, extension: string): Promise<string> {
  const { rows } = await sql<{ schema: string }>`
    SELECT nspname AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = ${extension}`.execute(
    db,
  );
  const [row] = rows;
  if (!row) throw new Error(`The extension ${extension} of PostgreSQL is missing: let the owner install it.`);
  return row.schema;
}

/**
 * Row-level security keeps the planner from the index of words, since its operator may tell of rows that are not seen.
 * So the search runs as the owner, over a space of the transaction alone, and answers ids.
 */
async function createSearch(db: Kysely<unknown>, trigrams: string): Promise<void> {
  await definerFunction(db, {
    name: 'search_messages',
    args: 'space text, words text, pattern text, before text, most integer',
    returns: 'TABLE (message_id text)',
    language: 'plpgsql',
    body: `
DECLARE
  query tsquery := websearch_to_tsquery('simple', words);
  -- Who excludes words or quotes them means them as they are.
  lexemes text[] := CASE WHEN words ~ '(^|\\s)-|"' THEN '{}' ELSE tsvector_to_array(to_tsvector('simple', words)) END;
BEGIN
  IF NOT space = ANY (string_to_array(coalesce(current_setting('app.spaces', true), ''), ',')) THEN
    RETURN;
  END IF;
  -- The last word may not be finished yet.
  IF right(query::text, 1) = '''' THEN
    query := (query::text || ':*')::tsquery;
  END IF;
  RETURN QUERY
    WITH exact AS (
      SELECT m.id FROM message m
      WHERE m.space_id = space AND m.deleted_at IS NULL AND (before IS NULL OR m.id < before)
        AND jsonb_to_tsvector('simple', jsonb_path_query_array(m.parts, '$[*].text'), '["string"]') @@ query
      ORDER BY m.id DESC LIMIT most
    ), newest AS (
      SELECT m.id, jsonb_path_query_array(m.parts, '$[*].text')::text AS texts FROM message m
      WHERE m.space_id = space AND m.deleted_at IS NULL ORDER BY m.id DESC LIMIT ${NEAR_WINDOW}
    ), near AS (
      SELECT n.id FROM newest n
      WHERE (before IS NULL OR n.id < before)
        AND (n.texts ILIKE pattern OR cardinality(lexemes) > 0 AND NOT EXISTS (
          SELECT FROM unnest(lexemes) AS one (word) WHERE "${trigrams}".word_similarity(word, n.texts) < ${ALIKE}))
    )
    SELECT found.id FROM (SELECT e.id FROM exact e UNION SELECT n.id FROM near n) AS found
    ORDER BY found.id DESC LIMIT most;
END`,
  });
}
