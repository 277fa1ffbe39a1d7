import { Injectable } from '@nestjs/common';
import type { Graph } from '@parley/contracts';
import { newId } from '@parley/contracts';
import { Database } from '@parley/database';
import { languageOf } from '@parley/text';
import type { AgentRow } from '../agents/agent.table.ts';
import { AgentsRepository } from '../agents/agents.repository.ts';
import type { FlowTrx, Tables } from '../database.ts';
import { FlowVersions } from '../flows/flow-versions.service.ts';
import { FlowsRepository } from '../flows/flows.repository.ts';
import type { RunState } from './reducer.ts';
import type { HistoryTurn } from './run.table.ts';
import { type LiveRunRow, RunsRepository } from './runs.repository.ts';
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
  /** What tells whether it has changed since it was read; null as long as it is not stored: the first turn makes it. */
  revision: string | null;
}

/** Which run is wanted. */
export interface WantedRun {
  spaceId: string;
  conversationId: string;
  responder: Responder;
}

/** Name of a run's place, to find it among many. */
export function placeOf({ spaceId, conversationId, responder }: WantedRun): string {
  return `${spaceId}/${conversationId}:${responderId(responder)}`;
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
  async load(wanted: WantedRun): Promise<LoadedRun | null> {
    const found = await this.database.withSpaces([wanted.spaceId], (trx) => this.loadMany(trx, [wanted]));
    return found.get(placeOf(wanted)) ?? null;
  }

  /** The same for many at once, by their places; those that nobody can answer in are left out. */
  async loadMany(trx: FlowTrx, wanted: readonly WantedRun[]): Promise<Map<string, LoadedRun>> {
    const agents = await this.agentsOf(trx, wanted);
    const live = await this.liveOf(trx, wanted);
    const bases = wanted.map((one) => ({
      ...one,
      row: live.get(placeOf(one)),
      agent: agents.get(`${one.spaceId}/${one.responder.agentId ?? ''}`) ?? null,
    }));
    const published = await this.publishedOf(trx, bases);
    const loaded = new Map<string, LoadedRun>();
    for (const { row, ...basis } of bases) {
      const { spaceId } = basis;
      const flowId = row?.flow_id ?? flowOf(basis);
      const number = row?.version_number ?? published.get(`${spaceId}/${flowId ?? ''}`);
      if (flowId === null || number === undefined) continue;
      const version = await this.versions.find(trx, { spaceId, flowId, number });
      if (!version) continue;
      const of = { ...basis, flowId, versionNumber: number, graph: version.graph };
      loaded.set(placeOf(basis), row ? resume(row, of) : begin(of));
    }
    return loaded;
  }

  /** Numbers of the published versions of the flows that new runs would follow. */
  private async publishedOf(
    trx: FlowTrx,
    bases: readonly (Pick<LoadedRun, 'responder' | 'agent'> & { row: LiveRunRow | undefined })[],
  ): Promise<Map<string, number>> {
    const wanted = new Set(bases.flatMap((one) => (one.row ? [] : (flowOf(one) ?? []))));
    const rows = await this.flows.findPublished(trx, [...wanted]);
    return new Map(
      rows.map(({ space_id, id, published_version }) => [`${space_id}/${id}`, published_version]),
    );
  }

  private async agentsOf(trx: FlowTrx, wanted: readonly WantedRun[]): Promise<Map<string, AgentRow>> {
    const ids = new Set(wanted.flatMap(({ responder }) => responder.agentId ?? []));
    const rows = await this.agents.findMany(trx, [...ids]);
    return new Map(rows.map((row) => [`${row.space_id}/${row.id}`, row]));
  }

  private async liveOf(trx: FlowTrx, wanted: readonly WantedRun[]): Promise<Map<string, LiveRunRow>> {
    const keys = wanted.map(({ spaceId, conversationId, responder }) => ({
      spaceId,
      conversationId,
      responderId: responderId(responder),
    }));
    const rows = await this.runs.findLive(trx, keys);
    return new Map(rows.map((row) => [`${row.space_id}/${row.conversation_id}:${row.responder_id}`, row]));
  }
}

/** The flow that a new run follows: that of the channel, else the agent's. */
function flowOf({ responder, agent }: Pick<LoadedRun, 'responder' | 'agent'>): string | null {
  return responder.flowId ?? agent?.default_flow_id ?? agent?.generated_flow_id ?? null;
}

type RunBasis = Pick<
  LoadedRun,
  'spaceId' | 'conversationId' | 'responder' | 'agent' | 'flowId' | 'versionNumber' | 'graph'
>;

function begin(of: RunBasis): LoadedRun {
  return {
    ...of,
    id: newId('run'),
    state: {
      status: 'running',
      stepId: of.graph.start,
      stepState: {},
      variables: {},
      history: [],
      agent: toSpeaker(of.agent),
      language: languageOf(of.agent?.voice?.language),
    },
    nextNo: 1,
    revision: null,
  };
}

function resume(row: LiveRunRow, of: RunBasis): LoadedRun {
  return {
    ...of,
    id: row.id,
    state: {
      status: row.status,
      stepId: row.step_id,
      stepState: row.step_state,
      variables: row.variables,
      history: row.history,
      agent: toSpeaker(of.agent),
      language: languageOf(of.agent?.voice?.language),
    },
    nextNo: row.next_no,
    revision: row.revision,
  };
}

function toSpeaker(agent: AgentRow | null): RunState['agent'] {
  return agent && { id: agent.id, name: agent.name, greeting: agent.greeting };
}

/** Adds turns at the end and drops the oldest beyond the limit. */
export function remember(history: readonly HistoryTurn[], ...turns: HistoryTurn[]): HistoryTurn[] {
  return [...history, ...turns.filter((turn) => turn.text !== '')].slice(-HISTORY_LIMIT);
}
