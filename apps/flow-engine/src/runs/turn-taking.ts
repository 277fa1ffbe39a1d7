import type { Answer, StepInput } from '../steps/step.ts';
import { reduce, type Turn } from './reducer.ts';
import { hear } from './history.ts';
import type { HistoryTurn } from './run.table.ts';
import { type LoadedRun, remember } from './runs.service.ts';
import type { TurnPayload } from './turn.ts';

/** What a turn can be about that goes through the flow. */
export type SpokenPayload = Exclude<TurnPayload, QuietPayload>;

/** What a turn can be about that only the history keeps. */
export type QuietPayload = Extract<TurnPayload, { kind: 'note' | 'heard' }>;

export function isQuiet(payload: TurnPayload): payload is QuietPayload {
  return payload.kind === 'note' || payload.kind === 'heard';
}

/** Keeps what is for the history alone; null where there is no run, or nothing changes. Pure. */
export function noteTurn(run: LoadedRun, payload: QuietPayload): LoadedRun | null {
  if (run.revision === null) return null;
  const { history } = run.state;
  const next = payload.kind === 'heard' ? hear(history, payload.heard) : remember(history, noted(payload));
  return next === history ? null : { ...run, state: { ...run.state, history: next } };
}

function noted({ role, text, messageId }: Extract<QuietPayload, { kind: 'note' }>): HistoryTurn {
  return messageId === undefined ? { role, text } : { role, text, messageId };
}

/** The run as its contact has heard it. */
function heardRun(run: LoadedRun, payload: SpokenPayload): LoadedRun {
  const heard = payload.kind === 'message' ? payload.heard : undefined;
  return heard ? { ...run, state: { ...run.state, history: hear(run.state.history, heard) } } : run;
}

/** Gives a run what a turn is about, as far as it goes by itself: `question` is set when it needs an answer. Pure. */
export function takeTurn(before: LoadedRun, payload: SpokenPayload): Turn {
  const run = heardRun(before, payload);
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
