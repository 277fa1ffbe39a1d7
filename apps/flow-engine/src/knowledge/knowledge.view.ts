import type { addDocument, createKnowledgeBase, OperationOutput } from '@parley/contracts';
import type { DocumentRow, KnowledgeBaseRow } from './knowledge.repository.ts';

type KnowledgeBase = OperationOutput<typeof createKnowledgeBase>;
type Document = OperationOutput<typeof addDocument>;

export function toKnowledgeBase(row: KnowledgeBaseRow): KnowledgeBase {
  return {
    id: row.id,
    name: row.name,
    documents: row.documents,
    passages: row.passages,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as KnowledgeBase['metadata'],
  };
}

export function toDocument(row: DocumentRow): Document {
  return {
    id: row.id,
    knowledgeBaseId: row.knowledge_base_id,
    title: row.title,
    mediaType: row.media_type,
    url: row.url,
    status: row.status,
    reason: row.reason,
    passages: row.passages,
    bytes: row.bytes,
    sha256: row.sha256,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Document['metadata'],
  };
}
