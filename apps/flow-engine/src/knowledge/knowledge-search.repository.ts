import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { KnowledgeTrx } from './knowledge.repository.ts';
import { type LatinLanguage, languagesIn } from './ranking/languages.ts';
import type { Candidate, CorpusSize } from './ranking/types.ts';

export interface Corpus {
  spaceId: string;
  knowledgeBaseIds: readonly string[];
}

/** Parameters of BM25F: see `ranking/parameters.ts`. */
export interface ScoringParameters {
  saturation: number;
  passageLengthWeight: number;
  documentLengthWeight: number;
  titleWeight: number;
  headingWeight: number;
  documentShare: number;
  /** What the weaker forms of a concept add to its best one. */
  formShare: number;
}

/** What is looked up, and how it is weighed. */
export interface ScoringQuery {
  lexemes: string[];
  /** Those of them that are names: no passage's vector has them. */
  names: string[];
  concepts: number[];
  weights: number[];
  size: CorpusSize;
  parameters: ScoringParameters;
  limit: number;
}

interface CandidateRow {
  document_id: string;
  title: string;
  url: string | null;
  passage_id: string;
  position: number;
  heading_path: string[];
  text: string;
  sentences: number[];
  lexemes: string;
  score: number;
  document_lexemes: string[];
  title_lexemes: string[] | null;
  passage_names: string[] | null;
  segmenter_version: number;
}

interface WordRow {
  documents: number;
  all_passages: number;
  terms: number;
  latest: string | null;
  segmented: number;
  has_legacy: boolean;
  languages: string[] | null;
  stemmer: string | null;
  text: string | null;
  lexeme: string | null;
  found: number | null;
}

/** A word to look up: as the stemmer of that name takes it, or as it is where there is none. */
export interface Looked {
  stemmer: string;
  text: string;
}

/** Answer of `readWords`. */
export interface ReadWords {
  size: CorpusSize;
  version: string;
  languages: LatinLanguage[];
  hasLegacy: boolean;
  words: (Looked & { lexeme: string | null; passages: number })[];
}

function toReadWords(rows: readonly WordRow[]): ReadWords {
  const size = rows[0] ?? nothing;
  const { documents, all_passages: passages, terms, latest, segmented } = size;
  const languages = languagesIn(size.languages ?? []);
  return {
    size: { documents, passages, terms },
    version: [documents, passages, terms, latest, segmented].join(' '),
    languages: languages.length > 0 ? languages : ['english'],
    hasLegacy: size.has_legacy,
    words: rows.flatMap(({ stemmer, text, lexeme, found }) =>
      stemmer === null || text === null ? [] : [{ stemmer, text, lexeme, passages: found ?? 0 }],
    ),
  };
}

const nothing = {
  ...{ documents: 0, all_passages: 0, terms: 0, latest: null, segmented: 0 },
  ...{ has_legacy: false, languages: null },
};

/** Words that may be compounds of a word of the question, or its parts, at most. */
const MAX_COMPOUNDS = 12;

/** Reads the inverted index. */
export class KnowledgeSearchRepository {
  /**
   * Size, languages and version of the corpus (the version changes with every document that comes, goes or is segmented
   * again), the lexeme of each word, and in how many passages it is found; one that is found only in titles counts as once.
   */
  async readWords(trx: KnowledgeTrx, corpus: Corpus, looked: readonly Looked[]): Promise<ReadWords> {
    const bases = [...corpus.knowledgeBaseIds];
    const { rows } = await sql<WordRow>`
      WITH size AS MATERIALIZED (
        SELECT count(*)::integer AS documents, coalesce(sum(passages), 0)::integer AS passages,
          coalesce(sum(terms), 0)::integer AS terms, max(updated_at)::text AS latest,
          coalesce(sum(segmenter_version), 0)::integer AS segmented,
          coalesce(bool_or(segmenter_version = 0), false) AS has_legacy, array_agg(DISTINCT languages) AS languages
        FROM document
        WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${bases}::text[]) AND status = 'ready'
      ), asked AS MATERIALIZED (
        SELECT stemmer, text, CASE WHEN stemmer = '' THEN text
          ELSE (ts_lexize(('pg_catalog.' || stemmer || '_stem')::regdictionary, text))[1] END AS lexeme
        FROM unnest(${looked.map(({ stemmer }) => stemmer)}::text[], ${looked.map(({ text }) => text)}::text[])
          AS input (stemmer, text)
      )
      SELECT size.documents, size.passages AS all_passages, size.terms, size.latest, size.segmented, size.has_legacy,
        size.languages, asked.stemmer, asked.text, asked.lexeme, counted.found
      FROM size LEFT JOIN asked ON true
      LEFT JOIN LATERAL (
        SELECT greatest(sum(cardinality(positions)), least(count(*), 1))::integer AS found
        FROM posting
        WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${bases}::text[])
          AND posting.lexeme = asked.lexeme
        OFFSET 0
      ) AS counted ON true`.execute(trx);
    return toReadWords(rows);
  }

  /**
   * Words of the corpus that begin or end with a word, and those that it begins or ends with: "Versandkosten" for
   * "Kosten" and the other way round.
   */
  async compoundsLike(
    trx: KnowledgeTrx,
    corpus: Corpus,
    words: readonly string[],
  ): Promise<{ word: string; compound: string }[]> {
    const { rows } = await sql<{ word: string; compound: string }>`
      WITH known AS MATERIALIZED (
        SELECT DISTINCT word FROM word
        WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
      )
      SELECT asked.word, near.word AS compound
      FROM unnest(${[...words]}::text[]) AS asked (word)
      CROSS JOIN LATERAL (
        SELECT known.word FROM known
        WHERE known.word <> asked.word AND (
          starts_with(known.word, asked.word) OR right(known.word, length(asked.word)) = asked.word
          OR length(known.word) >= 5 AND (
            starts_with(asked.word, known.word) OR right(asked.word, length(known.word)) = known.word))
        ORDER BY abs(length(known.word) - length(asked.word)), known.word LIMIT ${MAX_COMPOUNDS}
      ) AS near`.execute(trx);
    return rows;
  }

  /** Words of the corpus that begin with the same letter and have about the same length: candidates for a typing error. */
  async wordsLike(trx: KnowledgeTrx, corpus: Corpus, word: string): Promise<string[]> {
    const first = word.slice(0, 1);
    const { rows } = await sql<{ word: string }>`
      SELECT DISTINCT word FROM word
      WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
        AND word >= ${first} AND word < ${first + '\u{10ffff}'}
        AND length(word) BETWEEN ${word.length - 2} AND ${word.length + 2}`.execute(trx);
    return rows.map((row) => row.word);
  }

  /**
   * The best passages by BM25F of the passage and, with its share, of the whole document.
   * Each document's own row (position null) comes first in its window and lends its score to its passages.
   * A document that is found by its title alone is represented by its first passage.
   * `OFFSET 0` and windows instead of joins keep the plan good also while the tables have no statistics yet.
   */
  async bestPassages(trx: KnowledgeTrx, corpus: Corpus, query: ScoringQuery): Promise<Candidate[]> {
    const { parameters: use } = query;
    const { rows } = await sql<CandidateRow>`
      WITH hit AS MATERIALIZED (
        SELECT found.*, query.concept, query.weight
        FROM unnest(${query.lexemes}::text[], ${query.concepts}::integer[], ${query.weights}::float8[])
          AS query (lexeme, concept, weight)
        CROSS JOIN LATERAL (
          SELECT * FROM posting
          WHERE posting.space_id = ${corpus.spaceId}
            AND posting.knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
            AND posting.lexeme = query.lexeme
          OFFSET 0
        ) AS found
      ), part AS (${parts(query)}
      ), part_or_first AS (
        SELECT * FROM part
        UNION ALL
        SELECT document_id, 0, min(concept), 0 FROM part GROUP BY document_id HAVING count(position) = 0
      ), matched AS (
        SELECT document_id, position,
          max(worth) + ${use.formShare}::float8 * (sum(worth) - max(worth)) AS worth
        FROM part_or_first GROUP BY document_id, position, concept
      ), scored AS (
        SELECT document_id, position, sum(worth) AS score FROM matched GROUP BY document_id, position
      ), spread AS (
        SELECT document_id, position,
          score + ${use.documentShare}::float8 * first_value(score) OVER in_document AS score
        FROM scored
        WINDOW in_document AS (PARTITION BY document_id ORDER BY position NULLS FIRST)
      ), best AS (
        SELECT * FROM spread WHERE position IS NOT NULL ORDER BY score DESC LIMIT ${query.limit}
      )
      SELECT best.document_id, document.title, document.url, document.segmenter_version, passage.id AS passage_id,
        passage.position,
        passage.heading_path, passage.text, passage.sentences, passage.lexemes::text AS lexemes, best.score,
        found.lexemes AS document_lexemes, found.title_lexemes, held.lexemes AS passage_names
      FROM best
      JOIN (
        SELECT document_id, array_agg(lexeme) AS lexemes,
          array_agg(lexeme) FILTER (WHERE title_frequency > 0) AS title_lexemes
        FROM hit WHERE document_id IN (SELECT document_id FROM best) GROUP BY document_id
      ) AS found USING (document_id)
      LEFT JOIN (${namesHeld(query)}) AS held
        ON held.document_id = best.document_id AND held.position = best.position
      CROSS JOIN LATERAL (
        SELECT title, url, segmenter_version FROM document
        WHERE document.space_id = ${corpus.spaceId} AND document.id = best.document_id OFFSET 0
      ) AS document
      CROSS JOIN LATERAL (
        SELECT * FROM passage
        WHERE passage.space_id = ${corpus.spaceId} AND passage.document_id = best.document_id
          AND passage.position = best.position
        OFFSET 0
      ) AS passage
      ORDER BY best.score DESC, best.document_id, passage.position`.execute(trx);
    return rows.map(toCandidate);
  }
}

function toCandidate(row: CandidateRow): Candidate {
  return {
    documentId: row.document_id,
    title: row.title,
    url: row.url,
    passageId: row.passage_id,
    position: row.position,
    headingPath: row.heading_path,
    text: row.text,
    sentences: row.sentences,
    lexemes: row.lexemes,
    score: row.score,
    documentLexemes: new Set(row.document_lexemes),
    titleLexemes: new Set(row.title_lexemes ?? []),
    names: new Set(row.passage_names ?? []),
    segmenterVersion: row.segmenter_version,
  };
}

/** Names of the question that the best passages hold. */
function namesHeld({ names }: ScoringQuery): RawBuilder<unknown> {
  return sql`
    SELECT best.document_id, best.position, array_agg(lexeme) AS lexemes
    FROM hit JOIN best ON best.document_id = hit.document_id AND best.position = ANY (hit.positions)
    WHERE hit.lexeme = ANY (${names}::text[]) GROUP BY best.document_id, best.position`;
}

/** What each lexeme gives to each document (position null) and to each passage: its weight by frequency and length. */
function parts({ parameters: use, size }: ScoringQuery): RawBuilder<unknown> {
  const averagePassage = Math.max(1, size.terms / Math.max(1, size.passages));
  const averageDocument = Math.max(1, size.terms / Math.max(1, size.documents));
  return sql`
    SELECT document_id, NULL::integer AS position, concept,
      weight * found / (found + ${use.saturation}::float8 * (1 - ${use.documentLengthWeight}::float8
        + ${use.documentLengthWeight}::float8 * document_length / ${averageDocument}::float8)) AS worth
    FROM hit CROSS JOIN LATERAL (SELECT frequency + ${use.titleWeight}::float8 * title_frequency AS found) AS sum
    UNION ALL
    SELECT hit.document_id, place.position, hit.concept,
      weight * found / (found + ${use.saturation}::float8 * (1 - ${use.passageLengthWeight}::float8
        + ${use.passageLengthWeight}::float8 * place.length / ${averagePassage}::float8))
    FROM hit CROSS JOIN LATERAL
      unnest(hit.positions, hit.heading_frequencies, hit.body_frequencies, hit.lengths)
      AS place (position, heading, body, length)
    CROSS JOIN LATERAL (SELECT place.body + ${use.headingWeight}::float8 * place.heading AS found) AS sum`;
}
