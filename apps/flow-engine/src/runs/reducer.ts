import type { Graph } from '@parley/contracts';
import { flowPhrases, type Language, phrase } from '@parley/text';
import { stepType } from '../steps/index.ts';
import { type StepEffect, type StepInput, type StepResult, type StepView, textParts } from '../steps/step.ts';
import type { HistoryTurn, RunStatus } from './run.table.ts';
import { postable } from './said.ts';

/** Steps a run may pass in one turn; a graph that circles without waiting ends as failed. */
export const STEPS_PER_TURN = 100;

/** A run as the reducer sees it. */
export interface RunState {
  status: RunStatus;
  stepId: string | null;
  stepState: Record<string, unknown>;
  variables: Record<string, unknown>;
  history: readonly HistoryTurn[];
  agent: StepView['agent'];
  /** The language in which the turn is answered. */
  language: Language;
}

/** One line of the trace. */
export interface TraceLine {
  stepId: string;
  type: string;
  input: StepInput;
  outcome: string | null;
  effects: number;
}

/** What a turn comes to; `question` is set when the step needs an answer before it goes on. */
export interface Turn {
  state: RunState;
  effects: StepEffect[];
  trace: TraceLine[];
  question: { agentId: string | null; text: string } | null;
  failure: string | null;
}

/** What the same turn did before. */
export interface TurnSoFar {
  /** Steps that it has passed. */
  passed?: number;
  hasSaid?: boolean;
  /** The time now (Unix ms), given while a run opens: its first messages may have been sent before it asked. */
  now?: number | undefined;
}

/** Gives a run an input and follows the graph until it waits, needs an answer or ends. Pure. */
export function reduce(graph: Graph, state: RunState, input: StepInput, soFar: TurnSoFar = {}): Turn {
  const { passed = 0 } = soFar;
  const turn: Turn = {
    state: { ...state, status: 'running' },
    effects: [],
    trace: [],
    question: null,
    failure: null,
  };
  let next: StepInput | null = input;
  while (next) {
    if (passed + turn.trace.length >= STEPS_PER_TURN)
      return failedTurn(
        turn,
        `The flow passed ${STEPS_PER_TURN} steps without waiting for anybody.`,
        input.messageId,
      );
    const reached: StepInput | string | null = advance(graph, turn, next, soFar);
    if (typeof reached === 'string') return failedTurn(turn, reached, input.messageId);
    next = reached;
  }
  return turn;
}

/**
 * The turn of a run that cannot go on: it posts nothing of what it would have said but an apology, and `failure` is the
 * reason for which a person is asked for.
 */
export function failedTurn(
  turn: Pick<Turn, 'state' | 'trace'>,
  failure: string,
  replyTo: string | null,
): Turn {
  return {
    state: { ...turn.state, status: 'failed' },
    effects: [{ kind: 'say', parts: textParts(phrase(flowPhrases, turn.state.language, 'failed')), replyTo }],
    trace: turn.trace,
    question: null,
    failure,
  };
}

/** The next input; null when the run waits, asks or ends, a text when it cannot go on. */
function advance(graph: Graph, turn: Turn, input: StepInput, soFar: TurnSoFar): StepInput | string | null {
  const step = graph.steps.find(({ id }) => id === turn.state.stepId);
  const type = step && stepType(step.type);
  if (!step || !type) return `The flow has no step "${turn.state.stepId ?? ''}" of a known type.`;
  const settings = type.settings.safeParse(step.settings);
  if (!settings.success) return `The settings of step "${step.id}" do not fit its type.`;
  const { stepState, variables, history, agent, language } = turn.state;
  const view = { step, state: stepState, variables, history, agent, language };
  const result = type.advance(settings.data, view, input);
  record(turn, { stepId: step.id, type: step.type, input, result });
  const entered = follow(turn, step.outcomes, result, input);
  return entered && { ...entered, ...saidAt(turn, soFar) };
}

/** When the turn said what came before the step it enters: what is sent later can be an answer to it. */
function saidAt({ effects }: Turn, { hasSaid = false, now }: TurnSoFar): { saidAt?: number } {
  const isSaid = hasSaid || effects.some(({ kind }) => kind === 'say');
  return isSaid && now !== undefined ? { saidAt: now } : {};
}

function record(
  turn: Turn,
  { stepId, type, input, result }: { stepId: string; type: string; input: StepInput; result: StepResult },
): void {
  const effects = postable(result.effects, input.kind === 'answer' ? input.replyId : undefined);
  turn.effects.push(...effects);
  turn.state = {
    ...turn.state,
    stepState: result.state ?? turn.state.stepState,
    variables: { ...turn.state.variables, ...result.variables },
  };
  const outcome = result.progress.kind === 'leave' ? result.progress.outcome : null;
  turn.trace.push({ stepId, type, input, outcome, effects: effects.length });
}

function follow(
  turn: Turn,
  outcomes: Record<string, string>,
  result: StepResult,
  input: StepInput,
): Extract<StepInput, { kind: 'enter' }> | null {
  const { progress } = result;
  if (progress.kind === 'ask') {
    turn.question = { agentId: progress.agentId, text: progress.question };
    return null;
  }
  if (progress.kind === 'wait') {
    const handedOff = result.effects.some((effect) => effect.kind === 'handoff');
    turn.state = { ...turn.state, status: handedOff ? 'handed_off' : 'waiting' };
    return null;
  }
  const target = Object.hasOwn(outcomes, progress.outcome) ? outcomes[progress.outcome] : undefined;
  if (target === undefined) {
    turn.state = { ...turn.state, status: 'completed', stepId: null };
    return null;
  }
  turn.state = { ...turn.state, stepId: target, stepState: {} };
  return { kind: 'enter', fresh: input.kind === 'enter' && input.fresh, messageId: input.messageId };
}
