import { Injectable } from '@nestjs/common';
import { conflict, type FlowTrial, type Graph, notFound, unprocessable } from '@parley/contracts';
import { Database } from '@parley/database';
import type { Language } from '@parley/text';
import type { AgentRow } from '../agents/agent.table.ts';
import { AgentsRepository } from '../agents/agents.repository.ts';
import { AGENT_GONE, AnswersService, NO_AGENT } from '../answers/answers.service.ts';
import type { FlowTrx, Tables } from '../database.ts';
import { FlowsRepository } from '../flows/flows.repository.ts';
import { FlowsService } from '../flows/flows.service.ts';
import { RunsRepository } from '../runs/runs.repository.ts';
import type { LoadedRun } from '../runs/runs.service.ts';
import type { Turn } from '../runs/reducer.ts';
import { RunFailure } from '../steps/run-failure.ts';
import type { Answer } from '../steps/step.ts';
import { beginTrial, play, standBefore } from './trial.ts';

/** Plays flows without storing or sending anything. */
@Injectable()
export class TrialsService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly flows: FlowsRepository,
    private readonly flowsService: FlowsService,
    private readonly runs: RunsRepository,
    private readonly agents: AgentsRepository,
    private readonly answers: AnswersService,
  ) {}

  async test(of: {
    spaceId: string;
    flowId: string;
    messages: string[];
    agentId?: string | undefined;
  }): Promise<FlowTrial> {
    const { spaceId, flowId, agentId } = of;
    const run = await this.database.withSpaces([spaceId], async (trx) => {
      const graph = await this.draftOf(trx, spaceId, flowId);
      const agent = await this.agentOf(trx, spaceId, agentId);
      if (agentId && !agent) {
        throw unprocessable('The agent cannot be used.', 'unknown_reference', [
          { pointer: '/agentId', detail: 'names no agent of this space' },
        ]);
      }
      return beginTrial({ spaceId, flowId, graph, agent });
    });
    return this.played(run, of.messages, null);
  }

  async fork(of: {
    spaceId: string;
    runId: string;
    stepNo: number;
    messages: string[];
    draft: boolean;
    /** Conversations whose runs are not the caller's to see. */
    hidden: readonly string[];
  }): Promise<FlowTrial> {
    const { spaceId, runId, stepNo } = of;
    const { run, versionNumber } = await this.database.withSpaces([spaceId], async (trx) => {
      const row = await this.runs.find(trx, spaceId, runId);
      if (!row || of.hidden.includes(row.conversation_id)) throw notFound('The run');
      const { flow_id: flowId, version_number: number } = row;
      const steps = await this.runs.steps(trx, spaceId, [runId]);
      if (!steps.some(({ no }) => no === stepNo)) {
        throw unprocessable('The run has no step with this number.', 'unknown_reference', [
          { pointer: '/stepNo', detail: `is not one of its ${steps.length} steps` },
        ]);
      }
      const version = await this.flows.findVersion(trx, spaceId, flowId, number);
      if (!version) throw notFound('The version of the flow');
      const agent = await this.agentOf(trx, spaceId, row.agent_id);
      const begun = standBefore(beginTrial({ spaceId, flowId, graph: version.graph, agent }), steps, stepNo);
      const graph = of.draft ? await this.draftOf(trx, spaceId, flowId) : version.graph;
      return { run: { ...begun, graph }, versionNumber: of.draft ? null : number };
    });
    return this.played(run, of.messages, versionNumber);
  }

  private async played(
    begun: LoadedRun,
    messages: readonly string[],
    versionNumber: number | null,
  ): Promise<FlowTrial> {
    const { run, turns, failure } = await play(begun, messages, (now, question, language) =>
      this.answer(now, { ...question, language }),
    );
    const { status, variables } = run.state;
    return {
      flowId: run.flowId,
      versionNumber,
      status,
      failure,
      variables: variables as FlowTrial['variables'],
      turns,
    };
  }

  private async answer(
    run: LoadedRun,
    question: NonNullable<Turn['question']> & { language: Language },
  ): Promise<Answer> {
    const { spaceId } = run;
    const agentId = question.agentId ?? run.responder.agentId;
    const agent = await this.database.withSpaces([spaceId], (trx) => this.agentOf(trx, spaceId, agentId));
    if (!agent) throw new RunFailure(agentId === null ? NO_AGENT : AGENT_GONE);
    return this.answers.rehearse(agent, {
      question: question.text,
      history: run.state.history,
      language: question.language,
    });
  }

  private async draftOf(trx: FlowTrx, spaceId: string, flowId: string): Promise<Graph> {
    const flow = await this.flows.find(trx, spaceId, flowId);
    if (!flow) throw notFound('The flow');
    if (!flow.draft) throw conflict('The flow has no draft to test. PUT a draft first.', 'no_draft');
    const problems = await this.flowsService.problemsOf(trx, spaceId, flow.draft);
    if (problems.length > 0) throw unprocessable('The draft cannot be tested.', 'invalid_flow', problems);
    return flow.draft;
  }

  private async agentOf(
    trx: FlowTrx,
    spaceId: string,
    id: string | null | undefined,
  ): Promise<AgentRow | null> {
    return id ? ((await this.agents.find(trx, spaceId, id)) ?? null) : null;
  }
}
