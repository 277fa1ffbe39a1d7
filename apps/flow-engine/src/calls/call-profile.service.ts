import { Injectable } from '@nestjs/common';
import type { getCallProfile, OperationInput, OperationOutput } from '@parley/contracts';
import { flowPhrases, languageOf, phrase } from '@parley/text';
import type { AgentRow } from '../agents/agent.table.ts';
import { AgentsRepository } from '../agents/agents.repository.ts';
import type { FlowTrx } from '../database.ts';
import { FlowsRepository } from '../flows/flows.repository.ts';
import { RunsRepository } from '../runs/runs.repository.ts';
import { type LoadedRun, placeOf, RunsService } from '../runs/runs.service.ts';
import type { Responder } from '../runs/turn.ts';
import { takeTurn } from '../runs/turn-taking.ts';
import { SpacesRepository } from '../spaces/spaces.repository.ts';
import { choicesOf } from './call-choices.ts';

type Asked = OperationInput<typeof getCallProfile>;
type Profile = OperationOutput<typeof getCallProfile>;

/** Says who answers a call, how, and what may be said to it now. */
@Injectable()
export class CallProfileService {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly flows: FlowsRepository,
    private readonly runs: RunsService,
    private readonly repository: RunsRepository,
    private readonly spaces: SpacesRepository,
  ) {}

  async profile(trx: FlowTrx, asked: Asked): Promise<Profile> {
    const responder = await this.responderOf(trx, asked);
    const spaceVoice = await this.spaces.voice(trx, asked.spaceId);
    if (!responder)
      return {
        ...ofAgent(null, null, spaceVoice?.language),
        opening: [],
        voice: spaceVoice,
        choices: [],
        costly: false,
      };
    const run = await this.runOf(trx, asked, responder);
    const agent = await this.agentOf(trx, asked.spaceId, { responder, run });
    const flowName = agent || !run ? null : await this.flowName(trx, run);
    const voice = agent?.voice ? { ...spaceVoice, ...agent.voice } : spaceVoice;
    const language = languageOf(voice?.language);
    const { phrases: choices, costly } = run ? choicesOf(run, language) : { phrases: [], costly: false };
    return { ...ofAgent(agent, flowName, language), opening: openingOf(run), voice, choices, costly };
  }

  /** The target, else whoever has a run in the conversation. */
  private async responderOf(
    trx: FlowTrx,
    { spaceId, target, conversationId }: Asked,
  ): Promise<Responder | null> {
    if (target) return { agentId: null, flowId: null, ...target };
    if (conversationId === null) return null;
    const live = await this.repository.respondersIn(trx, [conversationId]);
    return live.find((one) => one.spaceId === spaceId)?.responder ?? null;
  }

  /** The run as it stands, or as it would begin. */
  private async runOf(
    trx: FlowTrx,
    { spaceId, conversationId }: Asked,
    responder: Responder,
  ): Promise<LoadedRun | null> {
    const wanted = { spaceId, conversationId: conversationId ?? '', responder };
    return (await this.runs.loadMany(trx, [wanted])).get(placeOf(wanted)) ?? null;
  }

  /** The agent that answers by itself, else the one that the flow lets answer: at the step where it stands, or the first. */
  private async agentOf(
    trx: FlowTrx,
    spaceId: string,
    { responder, run }: { responder: Responder; run: LoadedRun | null },
  ): Promise<AgentRow | null> {
    const agentId = responder.agentId ?? (run && agentInFlow(run));
    return (agentId && (await this.agents.find(trx, spaceId, agentId))) || null;
  }

  private async flowName(trx: FlowTrx, { spaceId, flowId }: LoadedRun): Promise<string | null> {
    return (await this.flows.find(trx, spaceId, flowId))?.name ?? null;
  }
}

/** Who answers, as a call has to know it; a flow without an agent speaks under its own name. */
function ofAgent(
  agent: AgentRow | null,
  flowName: string | null,
  language: string | undefined,
): Omit<Profile, 'opening' | 'voice' | 'choices' | 'costly'> {
  if (agent) {
    const { id, name, greeting, suggested_questions: suggestedQuestions } = agent;
    return { agentId: id, agentName: name, greeting, suggestedQuestions };
  }
  const agentName = flowName ?? phrase(flowPhrases, language, 'assistant');
  return { agentId: null, agentName, greeting: null, suggestedQuestions: [] };
}

/** What a run that has not begun says before it waits; its reducer is pure, and nothing is stored. */
function openingOf(run: LoadedRun | null): string[] {
  if (run?.revision !== null) return [];
  const { conversationId, responder } = run;
  const { effects } = takeTurn(run, { kind: 'start', conversationId, responder });
  return effects.flatMap((effect) =>
    effect.kind === 'say' && effect.parts.some(({ type }) => type === 'text')
      ? [effect.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')]
      : [],
  );
}

function agentInFlow({ graph, state }: LoadedRun): string | null {
  const steps = graph.steps.filter((step) => step.type === 'agent');
  const at = steps.find((step) => step.id === state.stepId);
  for (const { settings } of at ? [at, ...steps] : steps)
    if (typeof settings['agentId'] === 'string') return settings['agentId'];
  return null;
}
