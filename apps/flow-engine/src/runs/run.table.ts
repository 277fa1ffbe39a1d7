import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';

export type RunStatus = 'running' | 'waiting' | 'handed_off' | 'completed' | 'failed' | 'cancelled';

/** One turn of the conversation as the run knows it, oldest first. */
export interface HistoryTurn {
  role: 'user' | 'assistant' | 'person';
  text: string;
  /** The message it was: of one that was spoken stays what was heard, of a deleted one nothing. */
  messageId?: string;
}

export interface RunTable {
  space_id: string;
  id: string;
  conversation_id: string;
  /** The agent or flow that answers here: a conversation has one live run for each. */
  responder_id: string;
  flow_id: string;
  agent_id: string | null;
  version_number: number;
  status: RunStatus;
  step_id: string | null;
  step_state: ColumnType<Record<string, unknown>, string, string>;
  variables: ColumnType<Record<string, unknown>, string, string>;
  history: ColumnType<HistoryTurn[], string, string>;
  next_no: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface RunStepTable {
  space_id: string;
  run_id: string;
  no: number;
  step_id: string;
  type: string;
  input: ColumnType<unknown, string | null, never>;
  output: ColumnType<unknown, string | null, never>;
  started_at: Date;
  duration_ms: number;
  cost: number | null;
}

export type RunRow = Selectable<RunTable>;
export type NewRunRow = Insertable<RunTable>;
export type RunStepRow = Selectable<RunStepTable>;
