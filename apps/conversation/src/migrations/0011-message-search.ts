import { definerFunction, tenantTable } from '@parley/database';
import { type Kysely, sql } from 'kysely';

/** Newest messages that are compared one by one before the index is asked: enough for words that one message in a hundred holds. */
const WALKS = [200, 2800];

/** Periods that a message's time is a term of, as the powers of two of their milliseconds; see search/message-terms.ts. */
const SHORTEST_PERIOD = 20;
const LONGEST_PERIOD = 34;
const PERIOD_STEP = 2;

/** Matches of a period that are read at once, at least, and for each that is wanted; a period with more is split. */
const MOST_OF_PERIOD = 500;
const MOST_PER_WANTED = 8;

/** A period holds so many times the matches that are still wanted, if they lie as close as those found. */
const SPARE = 1.5;
/** How many times as long as what was read the next period may be while nothing is found. */
const GROWTH = 64;

/** Newest messages that are searched for misspelt words. */
const FUZZY_WINDOW = 1000;

/**
 * Messages as search reads them, apart from the messages: status changes and reactions do not touch the index.
 * The table is empty here, so its index is built at once; `SegmentingService` fills it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE message_search (
      space_id text NOT NULL, message_id text NOT NULL, audience jsonb, created_at timestamptz NOT NULL, version smallint NOT NULL,
      terms tsvector NOT NULL, PRIMARY KEY (space_id, message_id))`.execute(db);
  await sql`
    CREATE INDEX message_search_terms ON message_search USING gin (space_id ${sql.id(await schemaOf(db, 'btree_gin'))}.text_ops, terms)
    WITH (gin_pending_list_limit = 256)`.execute(db);
  await tenantTable(db, 'message_search');
  await sql`
    CREATE TABLE message_search_state (
      space_id text NOT NULL PRIMARY KEY, version smallint NOT NULL DEFAULT 0, since timestamptz NOT NULL DEFAULT now())`.execute(
    db,
  );
  await tenantTable(db, 'message_search_state');
  await sql`
    INSERT INTO message_search_state (space_id)
    SELECT space_id FROM message UNION SELECT space_id FROM room UNION SELECT space_id FROM directory UNION SELECT space_id FROM contact`.execute(
    db,
  );
  // The name as it is compared, in each spelling; null until it is folded.
  await sql`ALTER TABLE contact ADD COLUMN name_folded text`.execute(db);
  await createMatches(db);
  await createTime(db);
  await createSearch(db);
  await createFuzzySearch(db);
  await createUpkeep(db);
}

async function schemaOf(db: Kysely<unknown>, extension: string): Promise<string> {
  const { rows } = await sql<{ schema: string }>`
    SELECT nspname AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = ${extension}`.execute(
    db,
  );
  const [row] = rows;
  if (!row) throw new Error(`The extension ${extension} of PostgreSQL is missing: let the owner install it.`);
  return row.schema;
}

const guard = `
  IF NOT space = ANY (string_to_array(coalesce(current_setting('app.spaces', true), ''), ',')) THEN
    RETURN;
  END IF;`;

const isSeen = `(s.audience IS NULL OR coalesce(s.audience ? reader, false))
  AND (since IS NULL OR s.created_at >= since) AND (until IS NULL OR s.created_at < until)`;

/**
 * Matches of a query in a period, in any order, found by the index of terms. The planner would read the table instead where it
 * expects many matches and a limit: that is slow where they lie far back.
 * The period and each key are conditions of their own: the index then skips from each one's next posting to that of the others,
 * while it reads all postings of the rarest term of one condition. The period comes first, as the reading begins at it.
 */
async function createMatches(db: Kysely<unknown>): Promise<void> {
  const args =
    'space text, period tsquery, keys text[], query tsquery, reader text, below text, above text, since timestamptz, until timestamptz, most integer';
  await definerFunction(db, {
    name: 'message_search_matches',
    args,
    returns: 'TABLE (message_id text)',
    language: 'plpgsql',
    body: `
BEGIN${guard}
  RETURN QUERY EXECUTE '
    SELECT s.message_id FROM message_search s
    WHERE s.space_id = $1 AND s.terms @@ $2'
      || (SELECT string_agg(format(' AND s.terms @@ %L::tsquery', key), '' ORDER BY n) FROM unnest(keys) WITH ORDINALITY AS k (key, n)) || '
      AND (s.terms @@ $3) IS TRUE AND ($5 IS NULL OR s.message_id < $5) AND ($6 IS NULL OR s.message_id >= $6)
      AND (s.audience IS NULL OR coalesce(s.audience ? $4, false))
      AND ($7 IS NULL OR s.created_at >= $7) AND ($8 IS NULL OR s.created_at < $8)
    LIMIT $9' USING space, period, query, reader, below, above, since, until, most;
END`,
  });
  await sql`
    ALTER FUNCTION message_search_matches(text, tsquery, text[], tsquery, text, text, text, timestamptz, timestamptz, integer)
    SET enable_bitmapscan = on SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off`.execute(
    db,
  );
}

const searchBody = `
DECLARE
  wanted tsquery := query::tsquery;
  hits text[] := '{}';
  batch text[];
  lowest text;
  bottom text := coalesce(above, '');
  oldest text;
  size integer;
  walked integer;
  walk integer := 0;
  newest text := first_seen;
  high bigint;
  low bigint;
  span double precision;
  period integer;
  longest integer := ${LONGEST_PERIOD};
  is_first boolean := true;
BEGIN${guard}
  -- Bounds that are always given: a condition on a null would keep the walk from beginning at the bound.
  SELECT coalesce(below, max(s.message_id) || 'z') INTO lowest FROM message_search s WHERE s.space_id = space;
  WHILE first_seen IS NULL OR wanted IS NULL LOOP
    walk := walk + 1;
    size := CASE walk WHEN 1 THEN ${WALKS[0]} ELSE ${WALKS[1]} END;
    SELECT coalesce(array_agg(w.id ORDER BY w.id DESC) FILTER (WHERE w.hit), '{}'), count(*), min(w.id), coalesce(newest, max(w.id))
      INTO batch, walked, oldest, newest
    FROM (
      SELECT s.message_id AS id, (wanted IS NULL OR s.terms @@ wanted) AND ${isSeen} AS hit FROM message_search s
      WHERE s.space_id = space AND s.message_id < lowest AND s.message_id >= bottom
      ORDER BY s.message_id DESC LIMIT size) AS w;
    hits := hits || batch;
    lowest := coalesce(oldest, lowest);
    IF cardinality(hits) >= most OR walked < size THEN
      RETURN QUERY SELECT unnest(hits[1:most]);
      RETURN;
    END IF;
    EXIT WHEN walk >= ${WALKS.length} AND wanted IS NOT NULL;
  END LOOP;
  SELECT greatest(min(s.message_id), above) INTO oldest FROM message_search s WHERE s.space_id = space;
  high := message_search_time(lowest);
  low := message_search_time(oldest);
  WHILE high >= low AND cardinality(hits) < most LOOP
    walked := seen + cardinality(hits);
    span := greatest(message_search_time(newest) - high, 1)
      * CASE walked WHEN 0 THEN ${GROWTH} ELSE ${SPARE} * (most - cardinality(hits)) / walked END;
    period := floor(ln(span) / ln(2))::integer;
    period := least(longest, greatest(${SHORTEST_PERIOD}, period - (period - ${SHORTEST_PERIOD}) % ${PERIOD_STEP}));
    -- Behind the first one, a period begins where the one before ends.
    WHILE NOT is_first AND (high + 1) & ((1::bigint << period) - 1) <> 0 LOOP
      period := period - ${PERIOD_STEP};
    END LOOP;
    size := CASE WHEN period > ${SHORTEST_PERIOD} THEN greatest(${MOST_OF_PERIOD}, most * ${MOST_PER_WANTED}) END;
    batch := ARRAY(SELECT m.message_id FROM message_search_matches(
      space, ('''@' || period || ':' || to_hex(high >> period) || '''')::tsquery, keys, wanted, reader, lowest, above, since, until, size + 1) AS m);
    IF cardinality(batch) > size THEN
      longest := period - ${PERIOD_STEP};
      CONTINUE;
    END IF;
    hits := hits || ARRAY(SELECT id FROM unnest(batch) AS id ORDER BY id DESC LIMIT most);
    high := (high >> period << period) - 1;
    longest := least(longest + ${PERIOD_STEP}, ${LONGEST_PERIOD});
    is_first := false;
  END LOOP;
  RETURN QUERY SELECT unnest(hits[1:most]);
END`;

/**
 * Ids of messages with the terms of a query, newest first. Frequent terms are met by a walk over the newest messages, others in the
 * index, period by period: each as long as what was found so far lets expect enough matches, and shorter where it has too many.
 * `keys` are conditions that the index is asked by, all of which the query needs: without beginnings of terms, if it can be, as
 * the index reads all terms that begin so each time.
 * A search that goes on gives the first match that it has seen and their number: it need not walk, and knows how close they lie.
 */
async function createSearch(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'search_message_terms',
    args: 'space text, query text, keys text[], reader text, below text, above text, since timestamptz, until timestamptz, most integer, first_seen text, seen integer',
    returns: 'TABLE (message_id text)',
    language: 'plpgsql',
    body: searchBody,
  });
  await walkByIndex(
    db,
    'search_message_terms(text, text, text[], text, text, text, timestamptz, timestamptz, integer, text, integer)',
  );
}

/** A walk reads the newest messages in the order of their ids, also while the table has no statistics yet. */
async function walkByIndex(db: Kysely<unknown>, signature: string): Promise<void> {
  await sql`
    ALTER FUNCTION ${sql.raw(signature)}
    SET enable_indexscan = on SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off`.execute(db);
}

/** The time in an id, in Unix milliseconds; see `timeOfId` in libs/contracts. */
async function createTime(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'message_search_time',
    args: 'id text',
    returns: 'bigint',
    body: `
    SELECT sum(greatest(strpos('0123456789abcdefghjkmnpqrstvwxyz', substr(id, 4 + n, 1)) - 1, 0)::bigint << 5 * (10 - n))::bigint
    FROM generate_series(1, 10) AS n`,
  });
}

/** Ids of new messages with words much like some: of each word's pieces they hold so many. */
async function createFuzzySearch(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'search_message_fuzzy',
    args: 'space text, query text, pieces tsquery[], words integer[], needs integer[], reader text, above text, below text, since timestamptz, until timestamptz, most integer',
    returns: 'TABLE (message_id text)',
    language: 'plpgsql',
    body: `
DECLARE
  wanted tsquery := query::tsquery;
  highest text;
  bottom text := coalesce(above, '');
BEGIN${guard}
  SELECT coalesce(below, max(s.message_id) || 'z') INTO highest FROM message_search s WHERE s.space_id = space;
  RETURN QUERY
    SELECT newest.message_id FROM (
      SELECT s.message_id, s.terms FROM message_search s
      WHERE s.space_id = space AND s.message_id < highest AND s.message_id >= bottom AND ${isSeen}
      ORDER BY s.message_id DESC LIMIT ${FUZZY_WINDOW}) AS newest
    WHERE newest.terms @@ wanted AND NOT EXISTS (
      SELECT FROM unnest(pieces, words) AS part (piece, word)
      GROUP BY part.word HAVING count(*) FILTER (WHERE newest.terms @@ part.piece) < needs[part.word])
    ORDER BY newest.message_id DESC LIMIT most;
END`,
  });
  await walkByIndex(
    db,
    'search_message_fuzzy(text, text, tsquery[], integer[], integer[], text, text, text, timestamptz, timestamptz, integer)',
  );
}

/** Which spaces hold messages that this version of the segmenter has not read, and the end of the index before. */
async function createUpkeep(db: Kysely<unknown>): Promise<void> {
  await definerFunction(db, {
    name: 'spaces_to_segment',
    args: 'wanted integer',
    returns: 'TABLE (space_id text)',
    body: `
    WITH RECURSIVE space AS (
      (SELECT s.space_id FROM message_search s ORDER BY s.space_id LIMIT 1)
      UNION ALL
      SELECT (SELECT s.space_id FROM message_search s WHERE s.space_id > space.space_id ORDER BY s.space_id LIMIT 1)
      FROM space WHERE space.space_id IS NOT NULL)
    SELECT state.space_id FROM message_search_state state WHERE state.version < wanted
    UNION
    SELECT space.space_id FROM space
    WHERE space.space_id IS NOT NULL AND NOT EXISTS (SELECT FROM message_search_state state WHERE state.space_id = space.space_id)`,
  });
  await definerFunction(db, {
    name: 'drop_message_words',
    args: '',
    returns: 'boolean',
    language: 'plpgsql',
    body: `
BEGIN
  IF to_regclass('message_words') IS NULL OR EXISTS (SELECT FROM message_search_state WHERE version = 0) THEN
    RETURN false;
  END IF;
  PERFORM set_config('lock_timeout', '500ms', true);
  DROP INDEX message_words;
  RETURN true;
END`,
  });
}
