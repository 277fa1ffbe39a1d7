import { definerFunction } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Newest messages of a space that are also searched for parts of words and misspellings: no index, so a bound. */
const NEAR_WINDOW = 5000;

/** How much of a word's trigrams another shares that may stand for it, misspelt. */
const ALIKE = 0.6;

/** Who alone may see a conversation: the two of a direct room. Null where the whole space may. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE conversation ADD COLUMN audience jsonb`.execute(db);
  await sql`
    DELETE FROM participant USING conversation c, room r
    WHERE r.type = 'direct' AND c.space_id = r.space_id AND c.room_id = r.id
      AND participant.space_id = c.space_id AND participant.parent_id = c.id AND NOT EXISTS (
        SELECT FROM participant mate
        WHERE mate.space_id = r.space_id AND mate.parent_id = r.id
          AND coalesce(mate.account_id, mate.agent_id, mate.contact_id)
            = coalesce(participant.account_id, participant.agent_id, participant.contact_id))`.execute(db);
  await sql`
    UPDATE conversation SET audience = coalesce(given.ids, '[]'), contact_id = NULL, sender_id = NULL, assignee = NULL,
      owner = CASE WHEN conversation.agent_ids <> '[]' THEN 'flow' ELSE 'none' END
    FROM room r LEFT JOIN LATERAL (
      SELECT jsonb_agg(one.id ORDER BY one.id) AS ids FROM (
        SELECT account_id AS id FROM participant p WHERE p.space_id = r.space_id AND p.parent_id = r.id AND p.account_id IS NOT NULL
        UNION
        SELECT agent_id FROM participant p WHERE p.space_id = r.space_id AND p.parent_id = r.id AND p.agent_id IS NOT NULL) AS one) AS given ON true
    WHERE r.type = 'direct' AND conversation.space_id = r.space_id AND conversation.room_id = r.id`.execute(
    db,
  );
  await sql`CREATE INDEX conversation_audience ON conversation (space_id, id) WHERE audience IS NOT NULL`.execute(
    db,
  );
  await createSearch(db, await trigramSchema(db));
}

async function trigramSchema(db: Kysely<unknown>): Promise<string> {
  const { rows } = await sql<{ schema: string }>`
    SELECT nspname AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'`.execute(
    db,
  );
  const [row] = rows;
  if (!row) throw new Error('The extension pg_trgm of PostgreSQL is missing: let the owner install it.');
  return row.schema;
}

/** The search of 0003, which leaves out what is not the reader's to see. The form without a reader sees no direct room. */
async function createSearch(db: Kysely<unknown>, trigrams: string): Promise<void> {
  await definerFunction(db, {
    name: 'search_messages_for',
    args: 'space text, words text, pattern text, before text, most integer, reader text',
    returns: 'TABLE (message_id text)',
    language: 'plpgsql',
    body: `
DECLARE
  query tsquery := websearch_to_tsquery('simple', words);
  -- Who excludes words or quotes them means them as they are.
  lexemes text[] := CASE WHEN words ~ '(^|\\s)-|"' THEN '{}' ELSE tsvector_to_array(to_tsvector('simple', words)) END;
  hidden text[];
BEGIN
  IF NOT space = ANY (string_to_array(coalesce(current_setting('app.spaces', true), ''), ',')) THEN
    RETURN;
  END IF;
  hidden := ARRAY(
    SELECT c.id FROM conversation c
    WHERE c.space_id = space AND c.audience IS NOT NULL AND NOT coalesce(c.audience ? reader, false));
  -- The last word may not be finished yet.
  IF right(query::text, 1) = '''' THEN
    query := (query::text || ':*')::tsquery;
  END IF;
  RETURN QUERY
    WITH exact AS (
      SELECT m.id FROM message m
      WHERE m.space_id = space AND m.deleted_at IS NULL AND (before IS NULL OR m.id < before)
        AND m.conversation_id <> ALL (hidden)
        AND jsonb_to_tsvector('simple', jsonb_path_query_array(m.parts, '$[*].text'), '["string"]') @@ query
      ORDER BY m.id DESC LIMIT most
    ), newest AS (
      SELECT m.id, jsonb_path_query_array(m.parts, '$[*].text')::text AS texts FROM message m
      WHERE m.space_id = space AND m.deleted_at IS NULL AND m.conversation_id <> ALL (hidden)
      ORDER BY m.id DESC LIMIT ${NEAR_WINDOW}
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
  await definerFunction(db, {
    name: 'search_messages',
    args: 'space text, words text, pattern text, before text, most integer',
    returns: 'TABLE (message_id text)',
    body: 'SELECT message_id FROM search_messages_for(space, words, pattern, before, most, NULL)',
  });
}
