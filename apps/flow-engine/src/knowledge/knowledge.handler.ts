import { Controller } from '@nestjs/common';
import {
  addDocument,
  createKnowledgeBase,
  cursorOf,
  deleteDocument,
  deleteKnowledgeBase,
  getDocument,
  getKnowledgeBase,
  listDocuments,
  listKnowledgeBases,
  pageOf,
  searchKnowledge,
  updateDocument,
  updateKnowledgeBase,
} from '@parley/contracts';
import type { OperationInput, OperationOutput } from '@parley/contracts';
import { BeforeOperation, HandleOperation } from '@parley/messaging';
import type { OperationContext } from '@parley/messaging';
import { ReferencesRepository } from '../references/references.repository.ts';
import { KnowledgeService } from './knowledge.service.ts';
import type { KnowledgeTables } from './knowledge.table.ts';
import type { DocumentRequest } from './knowledge.library.ts';
import { digestOf, type TextDigest } from './reading/digest.ts';
import { documentOf } from './document-input.ts';
import { toDocument, toKnowledgeBase } from './knowledge.view.ts';

type Context = OperationContext<KnowledgeTables>;

interface PreparedDocument {
  request: DocumentRequest;
  digest: TextDigest;
}

@Controller()
export class KnowledgeHandler {
  constructor(
    private readonly service: KnowledgeService,
    private readonly references: ReferencesRepository,
  ) {}

  @HandleOperation(createKnowledgeBase)
  async create(
    input: OperationInput<typeof createKnowledgeBase>,
    context: Context,
  ): Promise<OperationOutput<typeof createKnowledgeBase>> {
    return toKnowledgeBase(await this.service.createBase(context.trx, input));
  }

  @HandleOperation(listKnowledgeBases)
  async list(
    input: OperationInput<typeof listKnowledgeBases>,
    context: Context,
  ): Promise<OperationOutput<typeof listKnowledgeBases>> {
    const { limit } = input;
    const page = { limit, before: cursorOf(input.cursor) };
    return pageOf(await this.service.listBases(context.trx, input.spaceId, page), limit, toKnowledgeBase);
  }

  @HandleOperation(getKnowledgeBase)
  async get(
    input: OperationInput<typeof getKnowledgeBase>,
    context: Context,
  ): Promise<OperationOutput<typeof getKnowledgeBase>> {
    return toKnowledgeBase(await this.service.getBase(context.trx, input));
  }

  @HandleOperation(updateKnowledgeBase)
  async update(
    input: OperationInput<typeof updateKnowledgeBase>,
    context: Context,
  ): Promise<OperationOutput<typeof updateKnowledgeBase>> {
    return toKnowledgeBase(await this.service.updateBase(context.trx, input, input));
  }

  @HandleOperation(deleteKnowledgeBase)
  async delete(
    input: OperationInput<typeof deleteKnowledgeBase>,
    context: Context,
  ): Promise<OperationOutput<typeof deleteKnowledgeBase>> {
    await this.service.deleteBase(context.trx, input);
    await this.references.detachKnowledgeBase(context.trx, input.spaceId, input.knowledgeBaseId);
    return {};
  }

  /** What a large text takes is done before the transaction. */
  @BeforeOperation(addDocument)
  async prepareDocument(input: OperationInput<typeof addDocument>): Promise<PreparedDocument> {
    const request = documentOf(input);
    return { request, digest: await digestOf(request.text ?? '') };
  }

  @HandleOperation(addDocument)
  async addDocument(
    _input: OperationInput<typeof addDocument>,
    { trx, before }: OperationContext<KnowledgeTables, PreparedDocument>,
  ): Promise<OperationOutput<typeof addDocument>> {
    return toDocument(await this.service.addDocument(trx, before.request, before.digest));
  }

  @HandleOperation(listDocuments)
  async listDocuments(
    input: OperationInput<typeof listDocuments>,
    context: Context,
  ): Promise<OperationOutput<typeof listDocuments>> {
    const { limit, status } = input;
    const page = { limit, before: cursorOf(input.cursor), status };
    return pageOf(await this.service.listDocuments(context.trx, input, page), limit, toDocument);
  }

  @HandleOperation(getDocument)
  async getDocument(
    input: OperationInput<typeof getDocument>,
    context: Context,
  ): Promise<OperationOutput<typeof getDocument>> {
    return toDocument(await this.service.getDocument(context.trx, input));
  }

  @HandleOperation(updateDocument)
  async updateDocument(
    input: OperationInput<typeof updateDocument>,
    context: Context,
  ): Promise<OperationOutput<typeof updateDocument>> {
    return toDocument(await this.service.updateDocument(context.trx, input, input));
  }

  @HandleOperation(deleteDocument)
  async deleteDocument(
    input: OperationInput<typeof deleteDocument>,
    context: Context,
  ): Promise<OperationOutput<typeof deleteDocument>> {
    await this.service.deleteDocument(context.trx, input);
    return {};
  }

  @HandleOperation(searchKnowledge)
  async search(
    input: OperationInput<typeof searchKnowledge>,
    context: Context,
  ): Promise<OperationOutput<typeof searchKnowledge>> {
    const { spaceId, knowledgeBaseId, q: query, limit } = input;
    await this.service.getBase(context.trx, { spaceId, knowledgeBaseId });
    const knowledgeBaseIds = [knowledgeBaseId];
    return { data: await this.service.search({ spaceId, knowledgeBaseIds, query, limit }, context.trx) };
  }
}
