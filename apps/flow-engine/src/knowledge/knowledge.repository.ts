import type { PageRequest } from '@parley/contracts';
import type { Trx } from '@parley/database';
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type {
  DocumentStatus,
  DocumentTable,
  KnowledgeBaseTable,
  KnowledgeTables,
} from './knowledge.table.ts';

export type KnowledgeTrx = Trx<KnowledgeTables>;
export type KnowledgeBaseRow = Selectable<KnowledgeBaseTable> & { documents: number; passages: number };
export type DocumentRow = Omit<
  Selectable<DocumentTable>,
  'content' | 'terms' | 'segmenter_version' | 'languages' | 'own_title'
>;

/** Which documents of a knowledge base are meant: those of a URL, before one of them if that is given. */
export interface SameUrl {
  spaceId: string;
  knowledgeBaseId: string;
  url: string;
  before?: string;
}

export interface NewDocument {
  spaceId: string;
  id: string;
  knowledgeBaseId: string;
  title: string;
  mediaType: string;
  url: string | null;
  status: DocumentStatus;
  reason: string | null;
  sha256: string;
  bytes: number;
  content: string | null;
  metadata: Record<string, unknown>;
}

const documentColumns = [
  'space_id',
  'id',
  'knowledge_base_id',
  'title',
  'media_type',
  'url',
  'status',
  'reason',
  'sha256',
  'bytes',
  'passages',
  'metadata',
  'created_at',
  'updated_at',
] as const;

/** Knowledge bases and documents. */
export class KnowledgeRepository {
  async insertBase(
    trx: KnowledgeTrx,
    base: { spaceId: string; id: string; name: string; metadata: object },
  ): Promise<void> {
    await trx
      .insertInto('knowledge_base')
      .values({
        space_id: base.spaceId,
        id: base.id,
        name: base.name,
        metadata: JSON.stringify(base.metadata),
      })
      .execute();
  }

  async listBases(trx: KnowledgeTrx, spaceId: string, page: PageRequest): Promise<KnowledgeBaseRow[]> {
    return this.bases(trx, spaceId)
      .$if(page.before !== null, (query) => query.where('knowledge_base.id', '<', page.before ?? ''))
      .orderBy('knowledge_base.id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async findBase(trx: KnowledgeTrx, spaceId: string, id: string): Promise<KnowledgeBaseRow | undefined> {
    return this.bases(trx, spaceId).where('knowledge_base.id', '=', id).executeTakeFirst();
  }

  private bases(trx: KnowledgeTrx, spaceId: string) {
    return trx
      .selectFrom('knowledge_base')
      .leftJoinLateral(
        (query) =>
          query
            .selectFrom('document')
            .select([
              sql<number>`count(*)::integer`.as('documents'),
              sql<number>`coalesce(sum(passages), 0)::integer`.as('passages'),
            ])
            .whereRef('document.space_id', '=', 'knowledge_base.space_id')
            .whereRef('document.knowledge_base_id', '=', 'knowledge_base.id')
            .as('counted'),
        (join) => join.onTrue(),
      )
      .selectAll('knowledge_base')
      .select((query) => [
        query.fn.coalesce('counted.documents', sql<number>`0`).as('documents'),
        query.fn.coalesce('counted.passages', sql<number>`0`).as('passages'),
      ])
      .where('knowledge_base.space_id', '=', spaceId);
  }

  async updateBase(
    trx: KnowledgeTrx,
    base: { spaceId: string; id: string },
    change: { name?: string; metadata?: string },
  ): Promise<void> {
    await trx
      .updateTable('knowledge_base')
      .set({ ...change, updated_at: sql`now()` })
      .where('space_id', '=', base.spaceId)
      .where('id', '=', base.id)
      .execute();
  }

  /** Locks a knowledge base for a change. */
  async lockBase(
    trx: KnowledgeTrx,
    spaceId: string,
    id: string,
  ): Promise<Selectable<KnowledgeBaseTable> | undefined> {
    return trx
      .selectFrom('knowledge_base')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirst();
  }

  /** Keeps the knowledge base until the transaction ends, over any tables: agents hold theirs, too; false when there is none. */
  async holdBase<Tables>(trx: Trx<Tables>, spaceId: string, id: string): Promise<boolean> {
    const found = await (trx as unknown as KnowledgeTrx)
      .selectFrom('knowledge_base')
      .select('id')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forKeyShare()
      .executeTakeFirst();
    return found !== undefined;
  }

  async deleteBase(trx: KnowledgeTrx, spaceId: string, id: string): Promise<boolean> {
    const result = await trx
      .deleteFrom('knowledge_base')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /** Documents of a URL are added one after another. */
  async lockUrl(trx: KnowledgeTrx, knowledgeBaseId: string, url: string): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${knowledgeBaseId} ${url}`}, 0))`.execute(trx);
  }

  /** Documents with the same URL, newest first: all, or those that were added before one of them. */
  async findByUrl(
    trx: KnowledgeTrx,
    { spaceId, knowledgeBaseId, url, before }: SameUrl,
  ): Promise<DocumentRow[]> {
    return trx
      .selectFrom('document')
      .select(documentColumns)
      .where('space_id', '=', spaceId)
      .where('knowledge_base_id', '=', knowledgeBaseId)
      .where('url', '=', url)
      .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
      .orderBy('id', 'desc')
      .execute();
  }

  /** Deletes the documents that were added with the same URL before one that is ready. */
  async deleteReplaced(
    trx: KnowledgeTrx,
    { spaceId, knowledgeBaseId, url, before }: Required<SameUrl>,
  ): Promise<void> {
    await trx
      .deleteFrom('document')
      .where('space_id', '=', spaceId)
      .where('knowledge_base_id', '=', knowledgeBaseId)
      .where('url', '=', url)
      .where('id', '<', before)
      .execute();
  }

  /** The document that was added with the same content before; whoever adds it at the same time waits. */
  async findSame(
    trx: KnowledgeTrx,
    same: { spaceId: string; knowledgeBaseId: string; sha256: string; title: string; url: string | null },
  ): Promise<DocumentRow | undefined> {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${same.knowledgeBaseId}:${same.sha256}`}, 0))`.execute(
      trx,
    );
    return trx
      .selectFrom('document')
      .select(documentColumns)
      .where('sha256', '=', same.sha256)
      .where('knowledge_base_id', '=', same.knowledgeBaseId)
      .where('space_id', '=', same.spaceId)
      .where('title', '=', same.title)
      .where((where) => (same.url === null ? where('url', 'is', null) : where('url', '=', same.url)))
      .where('status', '<>', 'failed')
      .executeTakeFirst();
  }

  async insertDocument(trx: KnowledgeTrx, document: NewDocument): Promise<DocumentRow> {
    return trx
      .insertInto('document')
      .values({
        space_id: document.spaceId,
        id: document.id,
        knowledge_base_id: document.knowledgeBaseId,
        title: document.title,
        media_type: document.mediaType,
        url: document.url,
        status: document.status,
        reason: document.reason,
        sha256: document.sha256,
        bytes: document.bytes,
        content: document.content,
        metadata: JSON.stringify(document.metadata),
      })
      .returning(documentColumns)
      .executeTakeFirstOrThrow();
  }

  async listDocuments(
    trx: KnowledgeTrx,
    base: { spaceId: string; knowledgeBaseId: string },
    page: PageRequest & { status?: DocumentStatus | undefined },
  ): Promise<DocumentRow[]> {
    return trx
      .selectFrom('document')
      .select(documentColumns)
      .where('space_id', '=', base.spaceId)
      .where('knowledge_base_id', '=', base.knowledgeBaseId)
      .$if(page.before !== null, (query) => query.where('id', '<', page.before ?? ''))
      .$if(page.status !== undefined, (query) => query.where('status', '=', page.status ?? 'ready'))
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async findDocument(trx: KnowledgeTrx, spaceId: string, id: string): Promise<DocumentRow | undefined> {
    return trx
      .selectFrom('document')
      .select(documentColumns)
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  /** Locks a document for a change. */
  async lockDocument(trx: KnowledgeTrx, spaceId: string, id: string): Promise<DocumentRow | undefined> {
    return trx
      .selectFrom('document')
      .select(documentColumns)
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirst();
  }

  async updateDocument(
    trx: KnowledgeTrx,
    document: { spaceId: string; id: string },
    change: { title?: string; metadata?: string },
  ): Promise<DocumentRow> {
    return trx
      .updateTable('document')
      .set({ ...change, updated_at: sql`now()` })
      .where('space_id', '=', document.spaceId)
      .where('id', '=', document.id)
      .returning(documentColumns)
      .executeTakeFirstOrThrow();
  }

  async countDocuments(
    trx: KnowledgeTrx,
    base: { spaceId: string; knowledgeBaseId: string },
  ): Promise<{ status: DocumentStatus; documents: number }[]> {
    return trx
      .selectFrom('document')
      .select(['status', sql<number>`count(*)::integer`.as('documents')])
      .where('space_id', '=', base.spaceId)
      .where('knowledge_base_id', '=', base.knowledgeBaseId)
      .groupBy('status')
      .execute();
  }

  /** Marks a document that waits (or whose reading was cut off) as being read; undefined when it is done or gone. */
  async startIngest(
    trx: KnowledgeTrx,
    spaceId: string,
    id: string,
  ): Promise<Selectable<DocumentTable> | undefined> {
    return trx
      .updateTable('document')
      .set({ status: 'ingesting', updated_at: sql`now()` })
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('status', 'in', ['queued', 'ingesting'])
      .returningAll()
      .executeTakeFirst();
  }

  /** Ends the reading of a document; false when it was deleted, or ended by another reader, meanwhile. */
  async finishIngest(
    trx: KnowledgeTrx,
    document: { spaceId: string; id: string },
    outcome: {
      status: 'ready' | 'failed';
      reason: string | null;
      passages: number;
      terms: number;
      segmenter_version?: number;
      languages?: string;
      own_title?: string | null;
      /** What fetching it brought to light. */
      title?: string;
      media_type?: string;
      sha256?: string;
      bytes?: number;
    },
  ): Promise<boolean> {
    const result = await trx
      .updateTable('document')
      .set({ ...outcome, updated_at: sql`now()` })
      .where('space_id', '=', document.spaceId)
      .where('id', '=', document.id)
      .where('status', '=', 'ingesting')
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** Languages of a document's Latin text, separated by spaces. */
  async languagesOf(trx: KnowledgeTrx, spaceId: string, id: string): Promise<string> {
    const found = await trx
      .selectFrom('document')
      .select('languages')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
    return found?.languages ?? '';
  }

  /** Documents of any space whose index has an earlier form. */
  async documentsToSegment(
    trx: KnowledgeTrx,
    version: number,
    most: number,
  ): Promise<{ spaceId: string; documentId: string }[]> {
    const { rows } = await sql<{ spaceId: string; documentId: string }>`
      SELECT space_id AS "spaceId", id AS "documentId" FROM documents_to_segment(${version}, ${most})`.execute(
      trx,
    );
    return rows;
  }

  async deleteDocument(trx: KnowledgeTrx, spaceId: string, id: string): Promise<boolean> {
    const result = await trx
      .deleteFrom('document')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  async passageText(trx: KnowledgeTrx, spaceId: string, id: string): Promise<string | undefined> {
    const found = await trx
      .selectFrom('passage')
      .select('text')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
    return found?.text;
  }
}
