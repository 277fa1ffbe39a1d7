import type { Database } from '@parley/database';
import { KnowledgeIndexRepository } from './knowledge-index.repository.ts';
import { KnowledgeRepository } from './knowledge.repository.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import { SEGMENTER_VERSION } from './ranking/tokens.ts';
import type { DocumentReader } from './reading/document-reader.adapter.ts';
import type { Stemmer } from './reading/index-document.ts';

/** A document of any space. */
export interface WaitingDocument {
  spaceId: string;
  documentId: string;
}

/** Gives documents that were indexed in an earlier form the present one; their passages keep text and ids. */
export class DocumentSegmenter {
  private readonly database: Database<KnowledgeTables>;
  private readonly reader: DocumentReader;
  private readonly repository = new KnowledgeRepository();
  private readonly index = new KnowledgeIndexRepository();

  constructor(database: Database<KnowledgeTables>, reader: DocumentReader) {
    this.database = database;
    this.reader = reader;
  }

  /** Stems words, each time in a transaction of its own. */
  stemmer(spaceId: string): Stemmer {
    return (words, stemmers) =>
      this.database.withSpaces([spaceId], (trx) => this.index.stem(trx, words, stemmers));
  }

  /** Documents of any space whose index has an earlier form, oldest form first. */
  waiting(most: number): Promise<WaitingDocument[]> {
    return this.database.withSpaces([], (trx) =>
      this.repository.documentsToSegment(trx, SEGMENTER_VERSION, most),
    );
  }

  /** False where there is nothing to do, or the document was changed meanwhile. */
  async segment(key: WaitingDocument): Promise<boolean> {
    const { spaceId, documentId } = key;
    const stored = await this.database.withSpaces([spaceId], (trx) =>
      this.index.passagesToSegment(trx, key, SEGMENTER_VERSION),
    );
    if (!stored) return false;
    const { title, ownTitle, knowledgeBaseId, pieces } = stored;
    const read = { title, ownTitle, passages: pieces };
    const rows = await this.reader.segment(read, this.stemmer(spaceId));
    const document = { ...rows, spaceId, knowledgeBaseId, documentId, title };
    return this.database.withSpaces([spaceId], (trx) => this.index.replace(trx, document, SEGMENTER_VERSION));
  }
}
