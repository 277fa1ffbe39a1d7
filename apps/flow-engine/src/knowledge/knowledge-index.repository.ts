import { newId } from '@parley/contracts';
import { sql } from 'kysely';
import type { KnowledgeTrx } from './knowledge.repository.ts';
import type { IndexRows } from './reading/index-document.ts';

/** A document that was read, as its rows are stored. */
export interface IndexedDocument extends IndexRows {
  spaceId: string;
  knowledgeBaseId: string;
  documentId: string;
  /** The title that it was indexed under. */
  title: string;
}

/** Writes passages and the inverted index. */
export class KnowledgeIndexRepository {
  /**
   * The lexeme of each folded word by PostgreSQL's stemmer of that name; null for a stop word. What holds digits is no
   * word to a stemmer.
   */
  async stem(
    trx: KnowledgeTrx,
    words: readonly string[],
    stemmers: readonly string[],
  ): Promise<(string | null)[]> {
    const { rows } = await sql<{ lexeme: string | null }>`
      SELECT (ts_lexize(('pg_catalog.' || stemmer || '_stem')::regdictionary, word))[1] AS lexeme
      FROM unnest(${[...words]}::text[], ${[...stemmers]}::text[]) WITH ORDINALITY AS input (word, stemmer, no)
      ORDER BY no`.execute(trx);
    return rows.map((row) => row.lexeme);
  }

  /** Stored passages of a document, as JSON in pieces; null where it is gone or has this version already. */
  async passagesToSegment(
    trx: KnowledgeTrx,
    key: { spaceId: string; documentId: string },
    version: number,
  ): Promise<{ title: string; ownTitle: string | null; knowledgeBaseId: string; pieces: string[] } | null> {
    const { spaceId, documentId } = key;
    const { rows } = await sql<{
      title: string;
      own_title: string | null;
      knowledge_base_id: string;
      piece: string | null;
    }>`
      SELECT document.title, document.own_title, document.knowledge_base_id, part.piece
      FROM document LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('headingPath', heading_path, 'text', text, 'sentences', sentences)
          ORDER BY position)::text AS piece
        FROM passage WHERE passage.space_id = ${spaceId} AND passage.document_id = ${documentId}
        GROUP BY position / 300 ORDER BY position / 300
      ) AS part ON true
      WHERE document.space_id = ${spaceId} AND document.id = ${documentId} AND document.status = 'ready'
        AND document.segmenter_version < ${version}`.execute(trx);
    const [first] = rows;
    if (!first) return null;
    const pieces = rows.flatMap(({ piece }) => (piece === null ? [] : [piece]));
    return {
      ...{ title: first.title, ownTitle: first.own_title },
      ...{ knowledgeBaseId: first.knowledge_base_id, pieces },
    };
  }

  /**
   * Gives a document that was indexed before its index of another form: passages keep their ids.
   * @returns false where the document is gone, has another title by now, or was segmented by somebody else
   */
  async replace(trx: KnowledgeTrx, document: IndexedDocument, version: number): Promise<boolean> {
    const { spaceId, documentId, terms, languages } = document;
    const { numAffectedRows } = await sql`
      UPDATE document SET segmenter_version = ${version}, languages = ${languages}, terms = ${terms}
      WHERE space_id = ${spaceId} AND id = ${documentId} AND status = 'ready' AND title = ${document.title}
        AND segmenter_version < ${version}`.execute(trx);
    if (numAffectedRows !== 1n) return false;
    await sql`DELETE FROM posting WHERE space_id = ${spaceId} AND document_id = ${documentId}`.execute(trx);
    for (const { rows } of document.passageRows) {
      await sql`
        UPDATE passage SET heading_path = "headingPath", text = row."text", sentences = row."sentences",
          lexemes = setweight("headingVector"::tsvector, 'A') || "bodyVector"::tsvector
        FROM jsonb_to_recordset(${rows}::jsonb) AS row ("position" integer, "headingPath" text[], "text" text,
          "sentences" integer[], "headingVector" text, "bodyVector" text)
        WHERE passage.space_id = ${spaceId} AND passage.document_id = ${documentId}
          AND passage.position = row."position"`.execute(trx);
    }
    await this.insertEntries(trx, document);
    await this.insertWords(trx, document);
    return true;
  }

  async insert(trx: KnowledgeTrx, document: IndexedDocument): Promise<void> {
    await this.insertPassages(trx, document);
    await this.insertEntries(trx, document);
    await this.insertWords(trx, document);
  }

  /**
   * Gives an indexed document another title: its lexemes count for each passage, and every heading path begins with it.
   * The title that the document gives itself counts no more.
   */
  async retitle(
    trx: KnowledgeTrx,
    document: { spaceId: string; knowledgeBaseId: string; documentId: string },
    {
      title,
      frequencies,
      words,
    }: { title: string; frequencies: ReadonlyMap<string, number>; words: string[][] },
  ): Promise<void> {
    const { spaceId, knowledgeBaseId, documentId } = document;
    await sql`
      UPDATE posting SET title_frequency = 0
      WHERE space_id = ${spaceId} AND document_id = ${documentId} AND title_frequency > 0`.execute(trx);
    const entries = [...frequencies].sort(([one], [other]) => (one < other ? -1 : 1));
    await sql`
      INSERT INTO posting (space_id, knowledge_base_id, lexeme, document_id, title_frequency, frequency,
        document_length, positions, heading_frequencies, body_frequencies, lengths)
      SELECT ${spaceId}, ${knowledgeBaseId}, lexeme, ${documentId}, frequency, 0, document.terms, '{}', '{}', '{}', '{}'
      FROM unnest(${entries.map(([lexeme]) => lexeme)}::text[], ${entries.map(([, count]) => count)}::smallint[])
          AS entry (lexeme, frequency),
        (SELECT terms FROM document WHERE space_id = ${spaceId} AND id = ${documentId}) AS document
      ON CONFLICT (space_id, knowledge_base_id, lexeme, document_id)
        DO UPDATE SET title_frequency = excluded.title_frequency`.execute(trx);
    await sql`
      DELETE FROM posting WHERE space_id = ${spaceId} AND document_id = ${documentId} AND title_frequency = 0
        AND cardinality(positions) = 0`.execute(trx);
    await sql`
      UPDATE document SET own_title = NULL WHERE space_id = ${spaceId} AND id = ${documentId}`.execute(trx);
    await sql`
      UPDATE passage SET heading_path[1] = ${title}
      WHERE space_id = ${spaceId} AND document_id = ${documentId}`.execute(trx);
    await this.insertWords(trx, { spaceId, knowledgeBaseId, words });
  }

  private async insertPassages(trx: KnowledgeTrx, document: IndexedDocument): Promise<void> {
    let first = 0;
    for (const { rows, count } of document.passageRows) {
      const ids = Array.from({ length: count }, () => newId('pass'));
      await sql`
        INSERT INTO passage (space_id, id, document_id, position, heading_path, text, sentences, lexemes)
        SELECT ${document.spaceId}, (${ids}::text[])["position" - ${first}::integer + 1], ${document.documentId},
          "position", "headingPath", "text", "sentences",
          setweight("headingVector"::tsvector, 'A') || "bodyVector"::tsvector
        FROM jsonb_to_recordset(${rows}::jsonb) AS row ("position" integer,
          "headingPath" text[], "text" text, "sentences" integer[], "headingVector" text, "bodyVector" text)`.execute(
        trx,
      );
      first += count;
    }
  }

  private async insertEntries(trx: KnowledgeTrx, document: IndexedDocument): Promise<void> {
    for (const { rows } of document.entryRows) {
      await sql`
        INSERT INTO posting (space_id, knowledge_base_id, lexeme, document_id, title_frequency, frequency,
          document_length, positions, heading_frequencies, body_frequencies, lengths)
        SELECT ${document.spaceId}, ${document.knowledgeBaseId}, "lexeme", ${document.documentId}, "titleFrequency",
          "frequency", ${document.terms}, "positions", "headingFrequencies", "bodyFrequencies", "lengths"
        FROM jsonb_to_recordset(${rows}::jsonb) AS row ("lexeme" text, "titleFrequency" smallint,
          "frequency" integer, "positions" integer[], "headingFrequencies" smallint[], "bodyFrequencies" smallint[],
          "lengths" smallint[])`.execute(trx);
    }
  }

  /** Words come in order, so that documents written at once wait for one another instead of locking up. */
  private async insertWords(
    trx: KnowledgeTrx,
    document: Pick<IndexedDocument, 'spaceId' | 'knowledgeBaseId' | 'words'>,
  ): Promise<void> {
    for (const chunk of document.words) {
      await sql`
        INSERT INTO word (space_id, knowledge_base_id, word)
        SELECT ${document.spaceId}, ${document.knowledgeBaseId}, word FROM unnest(${chunk}::text[]) AS word
        ON CONFLICT DO NOTHING`.execute(trx);
    }
  }
}
