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

/** Rows per statement. */
const CHUNK = 1000;

function* chunks<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let start = 0; start < items.length; start += CHUNK) {
    yield items.slice(start, start + CHUNK);
  }
}

/** Writes passages and the inverted index. */
export class KnowledgeIndexRepository {
  /** Stems cleaned texts with the configuration that questions meet too; answers tsvectors in their text form. */
  async analyse(trx: KnowledgeTrx, texts: readonly string[]): Promise<string[]> {
    const vectors: string[] = [];
    for (const chunk of chunks(texts)) {
      const { rows } = await sql<{ vector: string }>`
        SELECT to_tsvector('pg_catalog.english', text)::text AS vector
        FROM unnest(${chunk}::text[]) WITH ORDINALITY AS input (text, no) ORDER BY no`.execute(trx);
      vectors.push(...rows.map((row) => row.vector));
    }
    return vectors;
  }

  async insert(trx: KnowledgeTrx, document: IndexedDocument): Promise<void> {
    await this.insertPassages(trx, document);
    await this.insertEntries(trx, document);
    await this.insertWords(trx, document);
  }

  /** Gives an indexed document another title: its lexemes count for each passage, and every heading path begins with it. */
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
