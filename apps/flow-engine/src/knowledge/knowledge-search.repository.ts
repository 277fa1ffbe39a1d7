import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { KnowledgeTrx } from './knowledge.repository.ts';
import type { Passage } from './ranking/types.ts';

export interface Corpus {
  spaceId: string;
  knowledgeBaseIds: readonly string[];
}

/** A word to look up: as the stemmer of that name takes it, or as it is where there is none. */
export interface Looked {
  stemmer: string;
  text: string;
}

/** Ready documents of a corpus, in the order of their ids; each list of numbers or ids is separated by spaces. */
export interface DocumentRows {
  revision: string;
  ids: string;
  passages: string;
  terms: string;
  has_legacy: boolean;
  languages: string[];
}

/**
 * All that the index holds of a lexeme. Documents, title frequencies and frequencies are separated by spaces; the others
 * are PostgreSQL's text form of an array for each document, one behind the other.
 */
export interface PostingRow {
  revision: string;
  lexeme: string;
  places: number;
  documents: string;
  titles: string;
  frequencies: string;
  positions: string;
  headings: string;
  bodies: string;
  lengths: string;
}

interface PassageRow {
  revision: string;
  document_id: string;
  title: string;
  url: string | null;
  segmenter_version: number;
  id: string;
  position: number;
  heading_path: string[];
  text: string;
  sentences: number[];
  lexemes: string;
}

/** Which passage of which document. */
export interface PassageKey {
  documentId: string;
  position: number;
}

/**
 * Reads the inverted index. Every statement answers the revision of the corpus that it saw. Postings and passages are
 * looked up by their keys one by one (`OFFSET 0`), so that the plan is good also while the tables have no statistics yet.
 */
export class KnowledgeSearchRepository {
  /** The revision of the corpus, which changes with its documents, and the lexemes of words; null for a stop word. */
  async readRevision(
    trx: KnowledgeTrx,
    corpus: Corpus,
    looked: readonly Looked[],
  ): Promise<{ revision: string; stems: (Looked & { lexeme: string | null })[] }> {
    if (looked.length === 0) {
      const { rows } = await sql<{ revision: string }>`SELECT ${revisionOf(corpus)} AS revision`.execute(trx);
      return { revision: rows[0]?.revision ?? '', stems: [] };
    }
    const { rows } = await sql<{ revision: string } & Looked & { lexeme: string | null }>`
      SELECT ${revisionOf(corpus)} AS revision, stemmer, text,
        (ts_lexize(('pg_catalog.' || stemmer || '_stem')::regdictionary, text))[1] AS lexeme
      FROM unnest(${looked.map(({ stemmer }) => stemmer)}::text[], ${looked.map(({ text }) => text)}::text[])
        AS asked (stemmer, text)`.execute(trx);
    return { revision: rows[0]?.revision ?? '', stems: rows };
  }

  async readDocuments(trx: KnowledgeTrx, corpus: Corpus): Promise<DocumentRows> {
    const { rows } = await sql<DocumentRows>`
      SELECT ${revisionOf(corpus)} AS revision, coalesce(string_agg(id, ' ' ORDER BY id), '') AS ids,
        coalesce(string_agg(passages::text, ' ' ORDER BY id), '') AS passages,
        coalesce(string_agg(terms::text, ' ' ORDER BY id), '') AS terms,
        coalesce(bool_or(segmenter_version = 0), false) AS has_legacy,
        coalesce(array_agg(DISTINCT languages), '{}') AS languages
      FROM document
      WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
        AND status = 'ready'`.execute(trx);
    const [documents] = rows;
    if (!documents) throw new Error('An aggregate has one row.');
    return documents;
  }

  /** What the index holds of lexemes; a lexeme that it does not hold has no row. */
  async readPostings(trx: KnowledgeTrx, corpus: Corpus, lexemes: readonly string[]): Promise<PostingRow[]> {
    const { rows } = await sql<PostingRow>`
      SELECT ${revisionOf(corpus)} AS revision, asked.lexeme, found.*
      FROM unnest(${[...lexemes]}::text[]) AS asked (lexeme)
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(cardinality(positions)), 0)::integer AS places, string_agg(document_id, ' ') AS documents,
          string_agg(title_frequency::text, ' ') AS titles, string_agg(frequency::text, ' ') AS frequencies,
          string_agg(positions::text, '') AS positions, string_agg(heading_frequencies::text, '') AS headings,
          string_agg(body_frequencies::text, '') AS bodies, string_agg(lengths::text, '') AS lengths
        FROM (
          SELECT * FROM posting
          WHERE posting.space_id = ${corpus.spaceId}
            AND posting.knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
            AND posting.lexeme = asked.lexeme
          OFFSET 0
        ) AS entry
      ) AS found
      WHERE found.documents IS NOT NULL`.execute(trx);
    return rows;
  }

  /** Passages with their documents, in the order of their keys; one that is gone has no row. */
  async readPassages(
    trx: KnowledgeTrx,
    corpus: Corpus,
    keys: readonly PassageKey[],
  ): Promise<{ revision: string; passages: Passage[] }> {
    const { rows } = await sql<PassageRow>`
      SELECT ${revisionOf(corpus)} AS revision, asked.document_id, document.title, document.url,
        document.segmenter_version, passage.id, passage.position, passage.heading_path, passage.text, passage.sentences,
        passage.lexemes::text AS lexemes
      FROM unnest(${keys.map(({ documentId }) => documentId)}::text[], ${keys.map(({ position }) => position)}::integer[])
        WITH ORDINALITY AS asked (document_id, position, no)
      CROSS JOIN LATERAL (
        SELECT title, url, segmenter_version FROM document
        WHERE document.space_id = ${corpus.spaceId} AND document.id = asked.document_id OFFSET 0
      ) AS document
      CROSS JOIN LATERAL (
        SELECT * FROM passage
        WHERE passage.space_id = ${corpus.spaceId} AND passage.document_id = asked.document_id
          AND passage.position = asked.position
        OFFSET 0
      ) AS passage
      ORDER BY asked.no`.execute(trx);
    return { revision: rows[0]?.revision ?? '', passages: rows.map(toPassage) };
  }

  /** Words of the corpus in the order of their code points, separated by line feeds: all, or those that begin so. */
  async readWords(
    trx: KnowledgeTrx,
    corpus: Corpus,
    beginning: string,
  ): Promise<{ revision: string; words: string }> {
    const { rows } = await sql<{ revision: string; words: string }>`
      SELECT ${revisionOf(corpus)} AS revision, coalesce(string_agg(DISTINCT word, ${'\n'} ORDER BY word), '') AS words
      FROM word
      WHERE space_id = ${corpus.spaceId} AND knowledge_base_id = ANY (${[...corpus.knowledgeBaseIds]}::text[])
        AND word >= ${beginning} AND word < ${beginning + '\u{10ffff}'}`.execute(trx);
    return rows[0] ?? { revision: '', words: '' };
  }
}

/** The revisions of the knowledge bases. */
function revisionOf({ spaceId, knowledgeBaseIds }: Corpus): RawBuilder<string> {
  return sql`(
    SELECT coalesce(string_agg(id || ':' || revision, ' ' ORDER BY id), '') FROM knowledge_base
    WHERE space_id = ${spaceId} AND id = ANY (${[...knowledgeBaseIds]}::text[]))`;
}

function toPassage(row: PassageRow): Passage {
  return {
    documentId: row.document_id,
    title: row.title,
    url: row.url,
    passageId: row.id,
    position: row.position,
    headingPath: row.heading_path,
    text: row.text,
    sentences: row.sentences,
    lexemes: row.lexemes,
    segmenterVersion: row.segmenter_version,
  };
}
