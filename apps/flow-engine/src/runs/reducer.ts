import type { Graph } from '@parley/contracts';
import { stepType } from '../steps/index.ts';
import type { StepEffect, StepInput, StepResult, StepView } from '../steps/step.ts';
import type { HistoryTurn, RunStatus } from './run.table.ts';

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

/** Gives a run an input and follows the graph until it waits, needs an answer or ends. Pure. */
export function reduce(graph: Graph, state: RunState, input: StepInput): Turn {
  const turn: Turn = {
    state: { ...state, status: 'running' },
    effects: [],
    trace: [],
    question: null,
    failure: null,
  };
  let next: StepInput | null = input;
  for (let passed = 0; next; passed += 1) {
    if (passed === STEPS_PER_TURN)
      return fail(turn, `The flow passed ${STEPS_PER_TURN} steps without waiting for anybody.`);
    next = advance(graph, turn, next);
  }
  return turn;
}

function advance(graph: Graph, turn: Turn, input: StepInput): StepInput | null {
  const step = graph.steps.find(({ id }) => id === turn.state.stepId);
  const type = step && stepType(step.type);
  if (!step || !type) {
    fail(turn, `The flow has no step "${turn.state.stepId ?? ''}" of a known type.`);
    return null;
  }
  const settings = type.settings.safeParse(step.settings);
  if (!settings.success) {
    fail(turn, `The settings of step "${step.id}" do not fit its type.`);
    return null;
  }
  const { stepState, variables, history, agent } = turn.state;
  const result = type.advance(settings.data, { step, state: stepState, variables, history, agent }, input);
  record(turn, { stepId: step.id, type: step.type, input, result });
  return follow(turn, step.outcomes, result, input);
}

function record(
  turn: Turn,
  { stepId, type, input, result }: { stepId: string; type: string; input: StepInput; result: StepResult },
): void {
  turn.effects.push(...result.effects);
  turn.state = {
    ...turn.state,
    stepState: result.state ?? turn.state.stepState,
    variables: { ...turn.state.variables, ...result.variables },
  };
  const outcome = result.progress.kind === 'leave' ? result.progress.outcome : null;
  turn.trace.push({ stepId, type, input, outcome, effects: result.effects.length });
}

function follow(
  turn: Turn,
  outcomes: Record<string, string>,
  result: StepResult,
  input: StepInput,
): StepInput | null {
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
  const target = outcomes[progress.outcome];
  if (target === undefined) {
    turn.state = { ...turn.state, status: 'completed', stepId: null };
    return null;
  }
  turn.state = { ...turn.state, stepId: target, stepState: {} };
  return { kind: 'enter', fresh: input.kind === 'enter' && input.fresh, messageId: input.messageId };
}

function fail(turn: Turn, failure: string): Turn {
  turn.failure = failure;
  turn.state = { ...turn.state, status: 'failed' };
  return turn;
}
