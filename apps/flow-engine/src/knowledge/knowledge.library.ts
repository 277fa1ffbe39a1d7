import { type MergePatch, newId, notFound, type PageRequest } from '@parley/contracts';
import type { Database } from '@parley/database';
import { mergeMetadata } from '../references/metadata.ts';
import { DocumentSegmenter } from './document-segmenter.ts';
import { KnowledgeIndexRepository } from './knowledge-index.repository.ts';
import type { IndexedDocument } from './knowledge-index.repository.ts';
import { type Corpus, KnowledgeSearch } from './knowledge.search.ts';
import type { KnowledgeAnswer, Question, SearchHit, SearchQuery } from './knowledge.search.ts';
import { KnowledgeRepository } from './knowledge.repository.ts';
import type { DocumentRow, KnowledgeBaseRow, KnowledgeTrx } from './knowledge.repository.ts';
import type { DocumentStatus, KnowledgeTables } from './knowledge.table.ts';
import { frequenciesOf } from './ranking/index-entries.ts';
import { languagesIn } from './ranking/languages.ts';
import { withoutNumbering } from './ranking/terms.ts';
import { SEGMENTER_VERSION } from './ranking/tokens.ts';
import { UnreadableDocumentError } from './reading/blocks.ts';
import { digestOf, type TextDigest } from './reading/digest.ts';
import { analyse, type Stemmer } from './reading/index-document.ts';
import { DocumentReader } from './reading/document-reader.adapter.ts';
import { refusalOf } from './reading/document.reader.ts';
import { fetchDocument } from './reading/fetch-document.ts';

export interface DocumentRequest {
  spaceId: string;
  knowledgeBaseId: string;
  title: string;
  mediaType: string;
  /** Null: it is fetched from its URL. */
  text: string | null;
  /** Set where it is known already that it cannot be read. */
  reason?: string | undefined;
  url?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
}

/** What reading a document came to, ready to be stored in one transaction. */
export type IngestOutcome =
  /** `before` is the title that the document had when its reading began, `found` what fetching it brought to light. */
  | { status: 'ready'; index: IndexedDocument; before: string; found: FoundDocument | null }
  | { status: 'failed'; spaceId: string; documentId: string; reason: string };

interface BaseKey {
  spaceId: string;
  knowledgeBaseId: string;
}

type MetadataPatch = MergePatch<Record<string, unknown>> | null;

interface DocumentKey extends BaseKey {
  documentId: string;
}

/** Knowledge bases, their documents, and what they say: the rules, free of any framework. */
export class KnowledgeLibrary {
  private readonly database: Database<KnowledgeTables>;
  private readonly fetch: typeof globalThis.fetch;
  private readonly finder: KnowledgeSearch;
  private readonly reader = new DocumentReader();
  readonly segments: DocumentSegmenter;
  private readonly repository = new KnowledgeRepository();
  private readonly index = new KnowledgeIndexRepository();

  /** @param fetch what documents are fetched with, guarded and limited */
  constructor(database: Database<KnowledgeTables>, fetch: typeof globalThis.fetch = globalThis.fetch) {
    this.database = database;
    this.fetch = fetch;
    this.finder = new KnowledgeSearch(database);
    this.segments = new DocumentSegmenter(database, this.reader);
  }

  /** Ends the thread that reads documents. */
  async close(): Promise<void> {
    await this.reader.close();
  }

  /** Passages that fit, best first; in a transaction of its own unless one is given. */
  search(query: SearchQuery, trx?: KnowledgeTrx): Promise<SearchHit[]> {
    return this.finder.search(query, trx);
  }

  /** The answer that the knowledge bases hold, quoted and cited; null when they hold none. */
  answer(question: Question, trx?: KnowledgeTrx): Promise<KnowledgeAnswer | null> {
    return this.finder.answer(question, trx);
  }

  /** Passages of knowledge bases whose index is in memory; null where it is not: a question takes longer then. */
  passagesInMemory(corpus: Corpus): number | null {
    return this.finder.passagesInMemory(corpus);
  }

  async createBase(
    trx: KnowledgeTrx,
    base: { spaceId: string; name: string; metadata?: Record<string, unknown> | undefined },
  ): Promise<KnowledgeBaseRow> {
    const id = newId('kb');
    await this.repository.insertBase(trx, { ...base, id, metadata: base.metadata ?? {} });
    return this.getBase(trx, { spaceId: base.spaceId, knowledgeBaseId: id });
  }

  listBases(trx: KnowledgeTrx, spaceId: string, page: PageRequest): Promise<KnowledgeBaseRow[]> {
    return this.repository.listBases(trx, spaceId, page);
  }

  async getBase(trx: KnowledgeTrx, key: BaseKey): Promise<KnowledgeBaseRow> {
    const base = await this.repository.findBase(trx, key.spaceId, key.knowledgeBaseId);
    if (!base) {
      throw notFound('The knowledge base');
    }
    return base;
  }

  /** Merges a change (RFC 7396). */
  async updateBase(
    trx: KnowledgeTrx,
    key: BaseKey,
    change: { name?: string | undefined; metadata?: MetadataPatch | undefined },
  ): Promise<KnowledgeBaseRow> {
    const { spaceId, knowledgeBaseId: id } = key;
    const base = await this.repository.lockBase(trx, spaceId, id);
    if (!base) {
      throw notFound('The knowledge base');
    }
    await this.repository.updateBase(
      trx,
      { spaceId, id },
      {
        ...(change.name === undefined ? {} : { name: change.name }),
        ...mergedMetadata(base.metadata, change.metadata),
      },
    );
    return this.getBase(trx, key);
  }

  async deleteBase(trx: KnowledgeTrx, key: BaseKey): Promise<void> {
    if (!(await this.repository.deleteBase(trx, key.spaceId, key.knowledgeBaseId))) {
      throw notFound('The knowledge base');
    }
  }

  /**
   * Stores a document that waits to be read (`queued`: call `ingest` afterwards), or, where it can be seen at once that
   * it cannot be read, as `failed` with the reason and without its content.
   */
  async addDocument(trx: KnowledgeTrx, request: DocumentRequest, digest: TextDigest): Promise<DocumentRow> {
    if (!(await this.repository.holdBase(trx, request.spaceId, request.knowledgeBaseId))) {
      throw notFound('The knowledge base');
    }
    const { text } = request;
    const reason = reasonAgainst(request);
    const { sha256, bytes } = digest;
    const title = printable(request.title);
    const url = request.url ?? null;
    const earlier = await this.earlierOf(trx, request);
    const same = reason === null && (await this.findSame(trx, { ...request, title, url, sha256, earlier }));
    if (same) return same;
    return this.repository.insertDocument(trx, {
      spaceId: request.spaceId,
      id: newId('doc'),
      knowledgeBaseId: request.knowledgeBaseId,
      title,
      mediaType: printable(request.mediaType).slice(0, 100),
      url,
      status: reason === null ? 'queued' : 'failed',
      reason: reason && failedBeside(reason, earlier),
      sha256,
      bytes,
      content: reason === null ? text : null,
      metadata: request.metadata ?? earlier[0]?.metadata ?? {},
    });
  }

  /** Documents that were added with the URL before, newest first. */
  private async earlierOf(
    trx: KnowledgeTrx,
    { spaceId, knowledgeBaseId, url }: DocumentRequest,
  ): Promise<DocumentRow[]> {
    if (!url) return [];
    await this.repository.lockUrl(trx, knowledgeBaseId, url);
    return this.repository.findByUrl(trx, { spaceId, knowledgeBaseId, url });
  }

  /** The document that this one is: of the same content, or waiting to be fetched from the same URL. */
  private async findSame(
    trx: KnowledgeTrx,
    wanted: DocumentRequest & { url: string | null; sha256: string; earlier: DocumentRow[] },
  ): Promise<DocumentRow | undefined> {
    const [latest] = wanted.earlier;
    if (wanted.text === null)
      return latest?.status === 'queued' && latest.title === wanted.title && latest.bytes === 0
        ? latest
        : undefined;
    const same = await this.repository.findSame(trx, wanted);
    // One that another content is about to replace is not the same any more.
    const isPassing = latest !== undefined && latest.id !== same?.id && isPending(latest);
    return isPassing ? undefined : same;
  }

  async listDocuments(
    trx: KnowledgeTrx,
    key: BaseKey,
    page: PageRequest & { status?: DocumentStatus | undefined },
  ): Promise<DocumentRow[]> {
    await this.getBase(trx, key);
    return this.repository.listDocuments(trx, key, page);
  }

  async getDocument(trx: KnowledgeTrx, key: DocumentKey): Promise<DocumentRow> {
    const document = await this.repository.findDocument(trx, key.spaceId, key.documentId);
    if (document?.knowledge_base_id !== key.knowledgeBaseId) {
      throw notFound('The document');
    }
    return document;
  }

  /** Merges a change (RFC 7396); a document that is indexed is found by its new title at once. */
  async updateDocument(
    trx: KnowledgeTrx,
    key: DocumentKey,
    change: { title?: string | undefined; metadata?: MetadataPatch | undefined },
  ): Promise<DocumentRow> {
    const { spaceId, documentId: id } = key;
    const document = await this.repository.lockDocument(trx, spaceId, id);
    if (document?.knowledge_base_id !== key.knowledgeBaseId) {
      throw notFound('The document');
    }
    const title = change.title === undefined ? document.title : printable(change.title);
    if (title !== document.title && document.status === 'ready') {
      await this.retitle(trx, key, title);
    }
    return this.repository.updateDocument(
      trx,
      { spaceId, id },
      { title, ...mergedMetadata(document.metadata, change.metadata) },
    );
  }

  private async retitle(trx: KnowledgeTrx, key: DocumentKey, title: string): Promise<void> {
    const languages = await this.repository.languagesOf(trx, key.spaceId, key.documentId);
    const stem: Stemmer = (words, stemmers) => this.index.stem(trx, words, stemmers);
    const { analysed, words } = await analyse([withoutNumbering(title)], stem, languagesIn([languages])[0]);
    const [{ text, vector } = { text: '', vector: '' }] = analysed;
    await this.index.retitle(trx, key, {
      title,
      frequencies: frequenciesOf({ text, vector }),
      words: [words],
    });
  }

  async deleteDocument(trx: KnowledgeTrx, key: DocumentKey): Promise<void> {
    await this.getDocument(trx, key);
    await this.repository.deleteDocument(trx, key.spaceId, key.documentId);
  }

  /** How many documents of a knowledge base are in which state. */
  async progress(trx: KnowledgeTrx, key: BaseKey): Promise<Record<DocumentStatus, number>> {
    const counts = { queued: 0, ingesting: 0, ready: 0, failed: 0 };
    for (const row of await this.repository.countDocuments(trx, key)) {
      counts[row.status] = row.documents;
    }
    return counts;
  }

  /** The text of a stored passage; null when there is none. */
  async passageText(trx: KnowledgeTrx, key: { spaceId: string; passageId: string }): Promise<string | null> {
    return (await this.repository.passageText(trx, key.spaceId, key.passageId)) ?? null;
  }

  /**
   * Reads a queued document and stores its passages and index in one transaction. May be repeated after a crash:
   * a document that is done, or was deleted, is left alone.
   * @param settle ends the caller's task in that transaction
   */
  async ingest(
    key: { spaceId: string; documentId: string },
    settle: (work: (trx: KnowledgeTrx) => Promise<void>) => Promise<void> = (work) =>
      this.database.withSpaces([key.spaceId], work),
  ): Promise<void> {
    const outcome = await this.readDocument(key);
    await settle(async (trx) => {
      if (outcome) {
        await this.storeOutcome(trx, outcome);
      }
    });
  }

  /** Reads a document outside any transaction; null when there is nothing to do. */
  async readDocument(key: { spaceId: string; documentId: string }): Promise<IngestOutcome | null> {
    const { spaceId, documentId } = key;
    const document = await this.database.withSpaces([spaceId], (trx) =>
      this.repository.startIngest(trx, spaceId, documentId),
    );
    if (!document) {
      return null;
    }
    try {
      const { content, url } = document;
      const fetched = content === null && url !== null ? await fetchDocument(this.fetch, url) : null;
      // Without a title of its own, a fetched document was given its address as one.
      const title = printable((document.title === url ? fetched?.title : null) ?? document.title);
      const read = { mediaType: document.media_type, text: content ?? '', ...fetched, title };
      const rows = await this.reader.index(read, this.segments.stemmer(spaceId));
      const where = { spaceId, documentId, knowledgeBaseId: document.knowledge_base_id };
      const found = fetched && (await foundIn(read, document.title === url ? fetched.title : null));
      return { status: 'ready', index: { ...rows, ...where, title }, before: document.title, found };
    } catch (error) {
      if (error instanceof UnreadableDocumentError) {
        return { status: 'failed', spaceId, documentId, reason: error.message };
      }
      throw error;
    }
  }

  /** Documents that a document will replace when it is ready. */
  private async replacedBy(
    trx: KnowledgeTrx,
    { spaceId, documentId }: { spaceId: string; documentId: string },
  ): Promise<DocumentRow[]> {
    const document = await this.repository.findDocument(trx, spaceId, documentId);
    if (!document || document.url === null) return [];
    const { knowledge_base_id: knowledgeBaseId, url } = document;
    return this.repository.findByUrl(trx, { spaceId, knowledgeBaseId, url, before: documentId });
  }

  async storeOutcome(trx: KnowledgeTrx, outcome: IngestOutcome): Promise<void> {
    if (outcome.status === 'failed') {
      const { spaceId, documentId: id } = outcome;
      const reason = failedBeside(outcome.reason, await this.replacedBy(trx, outcome));
      const failed = { status: 'failed', reason, passages: 0, terms: 0 } as const;
      await this.repository.finishIngest(trx, { spaceId, id }, failed);
      return;
    }
    const { index, before, found } = outcome;
    const { spaceId, documentId: id } = index;
    const document = await this.repository.lockDocument(trx, spaceId, id);
    // Somebody may have given it another title while it was read.
    const isRenamed = document !== undefined && document.title !== before;
    const { title, ...rest } = found ?? {};
    const isOurs = await this.repository.finishIngest(
      trx,
      { spaceId, id },
      {
        status: 'ready',
        reason: null,
        passages: index.passages,
        terms: index.terms,
        segmenter_version: SEGMENTER_VERSION,
        languages: index.languages,
        own_title: index.ownTitle,
        ...rest,
        ...(title === undefined || isRenamed ? {} : { title }),
      },
    );
    if (!isOurs) return;
    if (document && document.url !== null)
      await this.repository.deleteReplaced(trx, { ...index, url: document.url, before: id });
    await this.index.insert(trx, index);
    if (isRenamed) await this.retitle(trx, index, document.title);
  }
}

/** Why it is known at once that a document cannot be read; null where it is not. */
function reasonAgainst({ reason, text, ...request }: DocumentRequest): string | null {
  return reason ?? (text === null ? null : refusalOf({ ...request, text }));
}

/** One that fails leaves the one that it was to replace. */
function failedBeside(reason: string, earlier: readonly DocumentRow[]): string {
  const stays = earlier.some(({ status }) => status === 'ready');
  return stays ? `${reason} The document that was added with this URL before stays in use.` : reason;
}

const isPending = ({ status }: DocumentRow): boolean => status === 'queued' || status === 'ingesting';

/** What fetching a document brought to light. */
interface FoundDocument {
  title?: string;
  media_type: string;
  sha256: string;
  bytes: number;
}

async function foundIn(
  { text, mediaType }: { text: string; mediaType: string },
  title: string | null,
): Promise<FoundDocument> {
  const { sha256, bytes } = await digestOf(text);
  return { ...(title === null ? {} : { title: printable(title) }), media_type: mediaType, sha256, bytes };
}

function mergedMetadata(
  current: Record<string, unknown>,
  patch: MetadataPatch | undefined,
): { metadata?: string } {
  return patch === undefined ? {} : { metadata: mergeMetadata(current, patch) };
}

/** Titles are one line of text. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}
