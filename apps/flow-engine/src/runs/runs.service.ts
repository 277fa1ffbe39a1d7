import { Injectable } from '@nestjs/common';
import type { Graph } from '@parley/contracts';
import { newId } from '@parley/contracts';
import { Database } from '@parley/database';
import type { AgentRow } from '../agents/agent.table.ts';
import { AgentsRepository } from '../agents/agents.repository.ts';
import type { FlowTrx, Tables } from '../database.ts';
import { FlowVersions } from '../flows/flow-versions.service.ts';
import { FlowsRepository } from '../flows/flows.repository.ts';
import type { RunState } from './reducer.ts';
import type { HistoryTurn, RunRow } from './run.table.ts';
import { RunsRepository } from './runs.repository.ts';
import { type Responder, responderId } from './turn.ts';

/** Turns a run keeps of its conversation: what a model or a follow-up question can look back on. */
export const HISTORY_LIMIT = 24;

/** A run with what it needs to go on: its graph and the agent that speaks. */
export interface LoadedRun {
  spaceId: string;
  id: string;
  conversationId: string;
  responder: Responder;
  flowId: string;
  versionNumber: number;
  graph: Graph;
  agent: AgentRow | null;
  state: RunState;
  nextNo: number;
  /** Not stored yet: the first turn makes it. */
  isNew: boolean;
}

@Injectable()
export class RunsService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly runs: RunsRepository,
    private readonly flows: FlowsRepository,
    private readonly versions: FlowVersions,
    private readonly agents: AgentsRepository,
  ) {}

  /** The live run of a responder in a conversation, else a new one; null when the responder is gone or has no published flow. */
  async load(spaceId: string, conversationId: string, responder: Responder): Promise<LoadedRun | null> {
    return this.database.withSpaces([spaceId], async (trx) => {
      const agent = responder.agentId
        ? ((await this.agents.find(trx, spaceId, responder.agentId)) ?? null)
        : null;
      const live = await this.runs.findLive(trx, {
        spaceId,
        conversationId,
        responderId: responderId(responder),
      });
      if (live) return this.resume(trx, live, { responder, agent });
      return this.begin(trx, { spaceId, conversationId, responder, agent });
    });
  }

  private async begin(
    trx: FlowTrx,
    of: Pick<LoadedRun, 'spaceId' | 'conversationId' | 'responder' | 'agent'>,
  ): Promise<LoadedRun | null> {
    const { spaceId, responder, agent } = of;
    const flowId = responder.flowId ?? agent?.default_flow_id ?? agent?.generated_flow_id;
    const published = flowId ? (await this.flows.find(trx, spaceId, flowId))?.published_version : null;
    if (!flowId || !published) return null;
    const version = await this.versions.find(trx, { spaceId, flowId, number: published });
    if (!version) return null;
    return {
      ...of,
      flowId,
      id: newId('run'),
      versionNumber: published,
      graph: version.graph,
      state: {
        status: 'running',
        stepId: version.graph.start,
        stepState: {},
        variables: {},
        history: [],
        agent: toSpeaker(agent),
      },
      nextNo: 1,
      isNew: true,
    };
  }

  private async resume(
    trx: FlowTrx,
    row: RunRow,
    who: { responder: Responder; agent: AgentRow | null },
  ): Promise<LoadedRun | null> {
    const version = await this.versions.find(trx, {
      spaceId: row.space_id,
      flowId: row.flow_id,
      number: row.version_number,
    });
    if (!version) return null;
    return {
      spaceId: row.space_id,
      conversationId: row.conversation_id,
      ...who,
      id: row.id,
      flowId: row.flow_id,
      versionNumber: row.version_number,
      graph: version.graph,
      state: {
        status: row.status,
        stepId: row.step_id,
        stepState: row.step_state,
        variables: row.variables,
        history: row.history,
        agent: toSpeaker(who.agent),
      },
      nextNo: row.next_no,
      isNew: false,
    };
  }
}

function toSpeaker(agent: AgentRow | null): RunState['agent'] {
  return agent && { id: agent.id, name: agent.name, greeting: agent.greeting };
}

/** Adds turns at the end and drops the oldest beyond the limit. */
export function remember(history: readonly HistoryTurn[], ...turns: HistoryTurn[]): HistoryTurn[] {
  return [...history, ...turns.filter((turn) => turn.text !== '')].slice(-HISTORY_LIMIT);
}
