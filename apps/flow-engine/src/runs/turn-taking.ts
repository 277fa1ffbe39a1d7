import type { Answer, StepInput } from '../steps/step.ts';
import { reduce, type Turn } from './reducer.ts';
import type { LoadedRun } from './runs.service.ts';
import type { TurnPayload } from './turn.ts';

/** What a turn can be about that goes through the flow. */
export type SpokenPayload = Exclude<TurnPayload, { kind: 'note' }>;

/** Gives a run what a turn is about, as far as it goes by itself: `question` is set when it needs an answer. Pure. */
export function takeTurn(run: LoadedRun, payload: SpokenPayload): Turn {
  const messageId = payload.kind === 'message' ? payload.messageId : null;
  const inputs: StepInput[] =
    run.revision === null ? [{ kind: 'enter', fresh: payload.kind === 'start', messageId }] : [];
  if (payload.kind === 'message')
    inputs.push({ kind: 'message', messageId: payload.messageId, text: payload.text });
  let turn: Turn | null = null;
  for (const input of inputs) {
    if (turn && turn.state.status !== 'waiting') break;
    turn = join(turn, reduce(run.graph, turn?.state ?? run.state, input));
  }
  if (!turn) throw new Error('A turn without input cannot be taken.');
  return turn;
}

/** Goes on with a turn that asked, once its answer is there. */
export function answerTurn(run: LoadedRun, turn: Turn, given: { messageId: string; answer: Answer }): Turn {
  return join(turn, reduce(run.graph, turn.state, { kind: 'answer', ...given }));
}

/** One turn out of two that follow each other. */
function join(first: Turn | null, second: Turn): Turn {
  if (!first) return second;
  return {
    ...second,
    effects: [...first.effects, ...second.effects],
    trace: [...first.trace, ...second.trace],
  };
}
