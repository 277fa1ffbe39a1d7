import type { Trx } from '@parley/database';
import type { AgentTable } from './agents/agent.table.ts';
import type { FlowTable, FlowVersionTable } from './flows/flow.table.ts';
import type { RunStepTable, RunTable } from './runs/run.table.ts';
import type { SpaceVoiceTable } from './spaces/space.table.ts';

/** The tables of the `flow` schema that lie outside the knowledge base. */
export interface Tables {
  agent: AgentTable;
  flow: FlowTable;
  flow_version: FlowVersionTable;
  run: RunTable;
  run_step: RunStepTable;
  space_voice: SpaceVoiceTable;
}

export type FlowTrx = Trx<Tables>;
