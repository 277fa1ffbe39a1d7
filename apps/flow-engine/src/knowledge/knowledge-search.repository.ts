import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { KnowledgeTrx } from './knowledge.repository.ts';
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
}

/** What is looked up, and how it is weighed. */
export interface ScoringQuery {
  lexemes: string[];
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
}

/** Reads the inverted index. */
export class KnowledgeSearchRepository {
  async corpusSize(trx: KnowledgeTrx, corpus: Corpus): Promise<CorpusSize> {
    const { rows } = await sql<CorpusSize>`
      SELECT count(*)::integer AS documents, coalesce(sum(passages), 0)::integer AS passages,
        coalesce(sum(terms), 0)::integer AS terms
      FROM document
      WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
        AND status = 'ready'`.execute(trx);
    return rows[0] ?? { documents: 0, passages: 0, terms: 0 };
  }

  /** In how many passages each lexeme is found; a lexeme that is found only in titles counts as once. */
  async passageFrequencies(
    trx: KnowledgeTrx,
    corpus: Corpus,
    lexemes: readonly string[],
  ): Promise<Map<string, number>> {
    const { rows } = await sql<{ lexeme: string; passages: number }>`
      SELECT lexeme, greatest(sum(cardinality(positions)), 1)::integer AS passages
      FROM posting
      WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
        AND lexeme = ANY (${[...lexemes]}::text[])
      GROUP BY lexeme`.execute(trx);
    return new Map(rows.map((row) => [row.lexeme, row.passages]));
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
   * `OFFSET 0` and windows instead of joins keep the plan good also while the tables have no statistics yet.
   */
  async bestPassages(trx: KnowledgeTrx, corpus: Corpus, query: ScoringQuery): Promise<Candidate[]> {
    const { parameters: use } = query;
    const { rows } = await sql<CandidateRow>`
      WITH hit AS MATERIALIZED (
        SELECT found.*, query.weight
        FROM unnest(${query.lexemes}::text[], ${query.weights}::float8[]) AS query (lexeme, weight)
        CROSS JOIN LATERAL (
          SELECT * FROM posting
          WHERE posting.space_id = ${corpus.spaceId}
            AND posting.knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
            AND posting.lexeme = query.lexeme
          OFFSET 0
        ) AS found
      ), part AS (${parts(query)}
      ), scored AS (
        SELECT document_id, position, sum(weight * found / (found + norm)) AS score,
          array_agg(lexeme) FILTER (WHERE position IS NULL) AS lexemes,
          array_agg(lexeme) FILTER (WHERE in_title) AS title_lexemes
        FROM part GROUP BY document_id, position
      ), spread AS (
        SELECT document_id, position,
          score + ${use.documentShare}::float8 * first_value(score) OVER in_document AS score,
          first_value(lexemes) OVER in_document AS lexemes,
          first_value(title_lexemes) OVER in_document AS title_lexemes
        FROM scored
        WINDOW in_document AS (PARTITION BY document_id ORDER BY position NULLS FIRST)
      ), best AS (
        SELECT * FROM spread WHERE position IS NOT NULL ORDER BY score DESC LIMIT ${query.limit}
      )
      SELECT best.document_id, document.title, document.url, passage.id AS passage_id, passage.position,
        passage.heading_path, passage.text, passage.sentences, passage.lexemes::text AS lexemes, best.score,
        best.lexemes AS document_lexemes, best.title_lexemes
      FROM best
      CROSS JOIN LATERAL (
        SELECT title, url FROM document
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
  };
}

/** What each lexeme gives to each document (position null) and to each passage: frequency, and its norm by length. */
function parts({ parameters: use, size }: ScoringQuery): RawBuilder<unknown> {
  const averagePassage = Math.max(1, size.terms / Math.max(1, size.passages));
  const averageDocument = Math.max(1, size.terms / Math.max(1, size.documents));
  return sql`
    SELECT document_id, NULL AS position, lexeme, title_frequency > 0 AS in_title, weight,
      frequency + ${use.titleWeight}::float8 * title_frequency AS found,
      ${use.saturation}::float8 * (1 - ${use.documentLengthWeight}::float8
        + ${use.documentLengthWeight}::float8 * document_length / ${averageDocument}::float8) AS norm
    FROM hit
    UNION ALL
    SELECT hit.document_id, place.position, hit.lexeme, false, hit.weight,
      place.body + ${use.headingWeight}::float8 * place.heading,
      ${use.saturation}::float8 * (1 - ${use.passageLengthWeight}::float8
        + ${use.passageLengthWeight}::float8 * place.length / ${averagePassage}::float8)
    FROM hit CROSS JOIN LATERAL
      unnest(hit.positions, hit.heading_frequencies, hit.body_frequencies, hit.lengths)
      AS place (position, heading, body, length)`;
}
