import { z } from 'zod';
import { Id, InSpace, Metadata, EmptyOutput, Paging } from '../core/common.ts';
import { patchOf } from '../core/merge-patch.ts';
import { defineOperation, FileInput, listOf } from '../core/operation.ts';
import { shortText } from '../core/text.ts';
import {
  AgentFields,
  DOCUMENT_FILE_LIMIT,
  DOCUMENT_LIMIT,
  documentMediaTypes,
  DocumentSchema,
  KnowledgeBaseSchema,
  SearchHitSchema,
} from './types.ts';

const bases = '/spaces/:spaceId/knowledge-bases';
const InBase = { ...InSpace, knowledgeBaseId: Id };
const DocumentTitle = shortText(500);

export const createKnowledgeBase = defineOperation({
  name: 'flow.create_knowledge_base',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Create a knowledge base',
  http: { method: 'POST', path: bases, status: 201 },
  input: z.strictObject({ ...InSpace, name: AgentFields.name, metadata: Metadata.optional() }),
  output: KnowledgeBaseSchema,
});

export const listKnowledgeBases = defineOperation({
  name: 'flow.list_knowledge_bases',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'List knowledge bases of a space',
  http: { method: 'GET', path: bases },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(KnowledgeBaseSchema),
});

export const getKnowledgeBase = defineOperation({
  name: 'flow.get_knowledge_base',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'Get a knowledge base',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId` },
  input: z.strictObject(InBase),
  output: KnowledgeBaseSchema,
});

export const updateKnowledgeBase = defineOperation({
  name: 'flow.update_knowledge_base',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Update a knowledge base (JSON Merge Patch)',
  http: { method: 'PATCH', path: `${bases}/:knowledgeBaseId` },
  input: z.strictObject({
    ...InBase,
    name: AgentFields.name.optional(),
    metadata: patchOf(Metadata).nullable().optional(),
  }),
  output: KnowledgeBaseSchema,
});

export const deleteKnowledgeBase = defineOperation({
  name: 'flow.delete_knowledge_base',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Delete a knowledge base and its documents; its agents continue without it',
  http: { method: 'DELETE', path: `${bases}/:knowledgeBaseId` },
  input: z.strictObject(InBase),
  output: EmptyOutput,
});

export const addDocument = defineOperation({
  name: 'flow.add_document',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Add a document as text, file or URL; Parley reads it in the background',
  // A request has to fit into one message of 8 MiB, its envelope included.
  bodyLimit: DOCUMENT_LIMIT - 256 * 1024,
  files: { file: DOCUMENT_FILE_LIMIT },
  http: { method: 'POST', path: `${bases}/:knowledgeBaseId/documents`, status: 202 },
  input: z.strictObject({
    ...InBase,
    title: DocumentTitle.optional(),
    mediaType: z.enum(documentMediaTypes).optional(),
    text: z.string().max(DOCUMENT_LIMIT).optional(),
    file: FileInput.optional(),
    /** With text or a file: where it is found. Alone: where it is fetched from. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    metadata: Metadata.optional(),
  }),
  output: DocumentSchema,
});

export const listDocuments = defineOperation({
  name: 'flow.list_documents',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'List documents of a knowledge base, newest first',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId/documents` },
  input: z.strictObject({
    ...InBase,
    ...Paging,
    status: z.enum(['queued', 'ingesting', 'ready', 'failed']).optional(),
  }),
  output: listOf(DocumentSchema),
});

export const getDocument = defineOperation({
  name: 'flow.get_document',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'Get a document',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId/documents/:documentId` },
  input: z.strictObject({ ...InBase, documentId: Id }),
  output: DocumentSchema,
});

export const updateDocument = defineOperation({
  name: 'flow.update_document',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Update the title or metadata of a document (JSON Merge Patch); search uses the title',
  http: { method: 'PATCH', path: `${bases}/:knowledgeBaseId/documents/:documentId` },
  input: z.strictObject({
    ...InBase,
    documentId: Id,
    title: DocumentTitle.optional(),
    metadata: patchOf(Metadata).nullable().optional(),
  }),
  output: DocumentSchema,
});

export const deleteDocument = defineOperation({
  name: 'flow.delete_document',
  kind: 'command',
  permission: 'knowledge:manage',
  summary: 'Delete a document and its passages',
  http: { method: 'DELETE', path: `${bases}/:knowledgeBaseId/documents/:documentId` },
  input: z.strictObject({ ...InBase, documentId: Id }),
  output: EmptyOutput,
});

export const searchKnowledge = defineOperation({
  name: 'flow.search_knowledge',
  kind: 'query',
  permission: 'knowledge:read',
  summary: 'Search passages that answer a question, best first',
  http: { method: 'GET', path: `${bases}/:knowledgeBaseId/search` },
  input: z.strictObject({
    ...InBase,
    q: z.string().trim().min(1).max(1000),
    limit: z.coerce.number().int().min(1).max(50).default(10),
  }),
  output: z.object({ data: z.array(SearchHitSchema) }),
});
