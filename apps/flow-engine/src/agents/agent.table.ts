import type { VoiceSettings } from '@parley/contracts';
import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';

export interface StoredModel {
  provider: 'openai-compatible';
  model: string;
  baseUrl: string;
  options: { temperature?: number; maxOutputTokens?: number; timeoutMs?: number };
}

export interface AgentTable {
  space_id: string;
  id: string;
  name: string;
  account_id: string;
  instructions: string;
  greeting: string | null;
  model: ColumnType<StoredModel | null, string | null, string | null>;
  model_api_key: string | null;
  knowledge_base_ids: ColumnType<string[], string, string>;
  tools: ColumnType<string[], string, string>;
  suggested_questions: ColumnType<string[], string, string>;
  voice: ColumnType<VoiceSettings | null, string | null | undefined, string | null>;
  default_flow_id: string | null;
  generated_flow_id: string;
  metadata: ColumnType<Record<string, unknown>, string, string>;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type AgentRow = Selectable<AgentTable>;
export type NewAgentRow = Insertable<AgentTable>;
