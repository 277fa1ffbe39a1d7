import type { ColumnType, Generated } from 'kysely';

type Json = ColumnType<Record<string, unknown>, string, string>;
type Time = Generated<Date>;

export type DocumentStatus = 'queued' | 'ingesting' | 'ready' | 'failed';

export interface KnowledgeBaseTable {
  space_id: string;
  id: string;
  name: string;
  metadata: Json;
  /** Changes with every document that comes, goes or is indexed anew: counted by a trigger. */
  revision: Generated<number>;
  created_at: Time;
  updated_at: Time;
}

export interface DocumentTable {
  space_id: string;
  id: string;
  knowledge_base_id: string;
  title: string;
  media_type: string;
  url: string | null;
  status: DocumentStatus;
  reason: string | null;
  sha256: string;
  bytes: number;
  passages: Generated<number>;
  terms: Generated<number>;
  content: string | null;
  /** The form its index has; 0 for documents of before there were several. */
  segmenter_version: Generated<number>;
  /** Languages of its Latin text, separated by spaces. */
  languages: Generated<string>;
  /** The title that it gives itself; null where it gives none. */
  own_title: Generated<string | null>;
  metadata: Json;
  created_at: Time;
  updated_at: Time;
}

export interface PassageTable {
  space_id: string;
  id: string;
  document_id: string;
  position: number;
  heading_path: string[];
  text: string;
  sentences: number[];
  lexemes: string;
}

export interface PostingTable {
  space_id: string;
  knowledge_base_id: string;
  lexeme: string;
  document_id: string;
  title_frequency: number;
  frequency: number;
  document_length: number;
  positions: number[];
  heading_frequencies: number[];
  body_frequencies: number[];
  lengths: number[];
}

export interface WordTable {
  space_id: string;
  knowledge_base_id: string;
  word: string;
}

export interface KnowledgeTables {
  knowledge_base: KnowledgeBaseTable;
  document: DocumentTable;
  passage: PassageTable;
  posting: PostingTable;
  word: WordTable;
}
