import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Database } from '@parley/database';
import { Tasks } from '@parley/messaging';
import { GuardedFetch } from '@parley/service';
import { KnowledgeLibrary } from './knowledge.library.ts';
import type { DocumentRequest } from './knowledge.library.ts';
import type { TextDigest } from './reading/digest.ts';
import { fetchLimits } from './reading/fetch-document.ts';
import type { DocumentRow, KnowledgeTrx } from './knowledge.repository.ts';
import type { KnowledgeTables } from './knowledge.table.ts';

/** Queue of documents that wait to be read. */
export const INGEST_QUEUE = 'knowledge_ingest';

export interface IngestPayload {
  documentId: string;
}

/** The library within the service: documents are read by a task that is written with them. */
@Injectable()
export class KnowledgeService extends KnowledgeLibrary implements OnApplicationShutdown {
  private readonly tasks: Tasks;
  private readonly tables: Database<KnowledgeTables>;

  constructor(database: Database<KnowledgeTables>, tasks: Tasks, http: GuardedFetch) {
    super(database, http.withLimits(fetchLimits));
    this.tasks = tasks;
    this.tables = database;
  }

  override async addDocument(
    trx: KnowledgeTrx,
    request: DocumentRequest,
    digest: TextDigest,
  ): Promise<DocumentRow> {
    const document = await super.addDocument(trx, request, digest);
    if (document.status === 'queued') {
      const { id, space_id: spaceId } = document;
      await this.tasks.enqueue(trx, [
        { queue: INGEST_QUEUE, id, key: id, spaceId, payload: { documentId: id } },
      ]);
    }
    return document;
  }

  /** Titles of the documents that were added last, of the first knowledge bases that hold any. */
  async latestTitles(
    {
      spaceId,
      knowledgeBaseIds,
      limit,
    }: { spaceId: string; knowledgeBaseIds: readonly string[]; limit: number },
    within?: KnowledgeTrx,
  ): Promise<string[]> {
    const read = async (trx: KnowledgeTrx): Promise<string[]> => {
      const titles: string[] = [];
      for (const knowledgeBaseId of knowledgeBaseIds) {
        if (titles.length >= limit) break;
        const page = { before: null, limit, status: 'ready' as const };
        const documents = await this.listDocuments(trx, { spaceId, knowledgeBaseId }, page);
        titles.push(...documents.map(({ title }) => title));
      }
      return titles.slice(0, limit);
    };
    return within ? read(within) : this.tables.withSpaces([spaceId], read);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}
