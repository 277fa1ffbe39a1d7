import type { Graph } from '@parley/contracts';
import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';

export interface FlowTable {
  space_id: string;
  id: string;
  name: string;
  draft: ColumnType<Graph | null, string | null, string | null>;
  published_version: number | null;
  generated: Generated<boolean>;
  metadata: ColumnType<Record<string, unknown>, string, string>;
  /** Set once it is deleted; its versions stay for the runs that follow them. */
  deleted_at: ColumnType<Date | null, never, Date>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface FlowVersionTable {
  space_id: string;
  flow_id: string;
  number: number;
  graph: ColumnType<Graph, string, never>;
  created_at: Generated<Date>;
}

export type FlowRow = Selectable<FlowTable>;
export type NewFlowRow = Insertable<FlowTable>;
export type FlowVersionRow = Selectable<FlowVersionTable>;
