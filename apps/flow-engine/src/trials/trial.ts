import { type FlowTrial, type Graph, ProblemError } from '@parley/contracts';
import { isRetryable } from '@parley/database';
import { reasonOf } from '@parley/messaging';
import { type Language, languageOf } from '@parley/text';
import type { AgentRow } from '../agents/agent.table.ts';
import { languageOfText } from '../runs/language.ts';
import { failedTurn, reduce, type RunState, type Turn } from '../runs/reducer.ts';
import type { RunStepRow } from '../runs/run.table.ts';
import type { LoadedRun } from '../runs/runs.service.ts';
import { answeredBy, playTurn, type SpokenPayload, stateOf } from '../runs/turn-taking.ts';
import { afterTurn, takenTurn } from '../runs/turn-writer.ts';
import { RunFailure } from '../steps/run-failure.ts';
import type { Answer, StepInput } from '../steps/step.ts';

/** Marks a run that has begun; nothing of a trial is stored. */
const BEGUN = 'begun';

/** Gives what a step of a trial asks for. */
export type AnswerSource = (
  run: LoadedRun,
  question: NonNullable<Turn['question']>,
  language: Language,
) => Promise<Answer>;

/** A run that is not stored, at the start of a graph. */
export function beginTrial(of: {
  spaceId: string;
  flowId: string;
  graph: Graph;
  agent: AgentRow | null;
}): LoadedRun {
  const { agent, graph, flowId } = of;
  const speaker = agent && { id: agent.id, name: agent.name, greeting: agent.greeting };
  return {
    ...of,
    id: 'run_trial',
    conversationId: 'conv_trial',
    responder: agent ? { agentId: agent.id, flowId: null } : { agentId: null, flowId },
    versionNumber: 0,
    state: {
      status: 'running',
      stepId: graph.start,
      stepState: {},
      variables: {},
      history: [],
      agent: speaker,
      language: languageOf(agent?.voice?.language),
    },
    nextNo: 1,
    revision: null,
  };
}

/** Plays messages until they end, or the run does. A run that has not begun starts first. */
export async function play(
  run: LoadedRun,
  messages: readonly string[],
  answer: AnswerSource,
): Promise<{ run: LoadedRun; turns: FlowTrial['turns']; failure: string | null }> {
  const turns: FlowTrial['turns'] = [];
  let [current, failure]: [LoadedRun, string | null] = [run, null];
  const where = { conversationId: run.conversationId, responder: run.responder };
  const start: SpokenPayload[] = run.revision === null ? [{ kind: 'start', ...where }] : [];
  const spoken = messages.map((text, index): SpokenPayload => {
    const messageId = `msg_trial_${index + 1}`;
    return { kind: 'message', messageId, text, replyId: `${messageId}_reply`, ...where };
  });
  for (const payload of [...start, ...spoken]) {
    const turn = await playTrialTurn(current, payload, answer);
    turns.push(toTrialTurn(turn, payload, current.nextNo));
    failure = turn.failure;
    current = {
      ...afterTurn(takenTurn(current, { turn, payload, startedAt: new Date(0), attempt: 1 })),
      revision: BEGUN,
    };
    if (current.state.status !== 'waiting') break;
  }
  return { run: current, turns, failure };
}

/** One turn with all answers it asks for; what keeps a run from going on is its failure. */
async function playTrialTurn(run: LoadedRun, payload: SpokenPayload, answer: AnswerSource): Promise<Turn> {
  try {
    return await playTurn(run, payload, (question, { turn }) => answer(run, question, turn.state.language));
  } catch (error) {
    if (isRetryable(error) || error instanceof ProblemError) throw error;
    return failedTurn(
      { state: stateOf(run, payload), trace: [] },
      failureOf(run, error),
      answeredBy(payload),
    );
  }
}

function failureOf(run: LoadedRun, error: unknown): string {
  if (error instanceof RunFailure) return error.message;
  return `Step "${run.state.stepId ?? ''}" failed: ${reasonOf(error)}`;
}

/** A run as it stood before the turn that took a step: what came in is given to the reducer again, answers included. */
export function standBefore(run: LoadedRun, steps: readonly RunStepRow[], stepNo: number): LoadedRun {
  const lines = steps.map(({ no, input, started_at: at }) => ({ no, input: input as StepInput, at }));
  const turnNo = lines.findLast(({ no, input }) => no <= stepNo && input.kind === 'message')?.no ?? 1;
  const inputs = lines.filter(
    ({ no, input }) => no < turnNo && (no === 1 || input.kind === 'message' || input.kind === 'answer'),
  );
  let state: RunState = run.state;
  let isOpening = true;
  for (const { input, at } of inputs) {
    isOpening &&= input.kind !== 'message';
    const language =
      input.kind === 'message' ? languageOfText({ ...run, state }, input.text) : state.language;
    const { state: reached, effects } = reduce(
      run.graph,
      { ...state, language },
      input,
      isOpening ? { now: at.getTime() } : {},
    );
    const heard = input.kind === 'message' ? [{ role: 'user' as const, text: input.text }] : [];
    const said = effects.flatMap((effect) =>
      effect.kind === 'say' ? [{ role: 'assistant' as const, text: textOf(effect.parts) }] : [],
    );
    state = { ...reached, history: [...reached.history, ...heard, ...said] };
  }
  return inputs.length === 0 ? run : { ...run, state, nextNo: turnNo, revision: BEGUN };
}

function toTrialTurn(turn: Turn, payload: SpokenPayload, firstNo: number): FlowTrial['turns'][number] {
  const handoff = turn.effects.find((effect) => effect.kind === 'handoff');
  return {
    message: payload.kind === 'message' ? payload.text : null,
    said: turn.effects.flatMap((effect) =>
      effect.kind === 'say' ? [{ text: textOf(effect.parts), citations: effect.citations ?? [] }] : [],
    ),
    handoff: handoff || turn.failure ? { reason: handoff ? handoff.reason : turn.failure } : null,
    steps: turn.trace.map(({ stepId, type, outcome }, index) => ({
      no: firstNo + index,
      stepId,
      type,
      outcome,
    })),
  };
}

function textOf(parts: readonly { type: string; text?: string }[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text ?? ''] : [])).join('\n');
}
