import { type Graph, newId } from '@parley/contracts';
import type { Answer, StepInput } from '../steps/step.ts';
import { reduce, type RunState, type Turn } from './reducer.ts';
import { hear } from './history.ts';
import { languageOfTurn } from './language.ts';
import type { HistoryTurn } from './run.table.ts';
import { type LoadedRun, remember } from './runs.service.ts';
import { replyIdOf, type TurnPayload } from './turn.ts';

/** What a turn can be about that goes through the flow. */
export type SpokenPayload = Exclude<TurnPayload, QuietPayload>;

/** What a turn can be about that only the history keeps. */
export type QuietPayload = Extract<TurnPayload, { kind: 'note' | 'heard' }>;

/** A turn on its way: while it asks, the inputs that have yet to be given to it. */
export type OpenTurn = Turn & { pending: readonly StepInput[] };

export function isQuiet(payload: TurnPayload): payload is QuietPayload {
  return payload.kind === 'note' || payload.kind === 'heard';
}

/** The message that a turn answers; null for what begins by itself. */
export function answeredBy(payload: TurnPayload): string | null {
  return payload.kind === 'message' ? payload.messageId : null;
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

/** The run as its contact has heard it, in the language of the turn. */
export function stateOf(run: LoadedRun, payload: TurnPayload): RunState {
  const heard = payload.kind === 'message' ? payload.heard : undefined;
  const history = heard ? hear(run.state.history, heard) : run.state.history;
  return { ...run.state, history, language: languageOfTurn(run, payload) };
}

/**
 * Gives a run what a turn is about, as far as it goes by itself: `question` is set when it needs an answer. Pure.
 * @param now Unix ms
 */
export function takeTurn(run: LoadedRun, payload: SpokenPayload, now?: number): OpenTurn {
  const messageId = answeredBy(payload);
  const inputs: StepInput[] =
    run.revision === null ? [{ kind: 'enter', fresh: payload.kind === 'start', messageId }] : [];
  if (payload.kind === 'message')
    inputs.push({
      kind: 'message',
      messageId: payload.messageId,
      text: payload.text,
      ...(payload.sentAt === undefined ? {} : { sentAt: payload.sentAt }),
    });
  const [first, ...pending] = inputs;
  if (!first) throw new Error('A turn without input cannot be taken.');
  const begun = reduce(run.graph, stateOf(run, payload), first, first.kind === 'enter' ? { now } : {});
  return goOn(run.graph, begun, pending);
}

/** Goes on with a turn that asked, once its answer is there; it may ask again. Pure. */
function answerTurn(
  run: LoadedRun,
  turn: OpenTurn,
  given: { messageId: string | null; answer: Answer; replyId: string },
  now: number | undefined,
): OpenTurn {
  return goOn(run.graph, join(run.graph, turn, { kind: 'answer', ...given }, now), turn.pending);
}

/** Answers a question of a turn; `replyId` is the id of the message that will carry the answer. */
export type AnswerSource = (
  question: NonNullable<Turn['question']>,
  of: { turn: Turn; asked: number; replyId: string },
) => Promise<Answer>;

/** Takes a turn to its end: it may ask several times, at its start and after each answer; the reducer bounds how often. */
export async function playTurn(run: LoadedRun, payload: SpokenPayload, answer: AnswerSource): Promise<Turn> {
  const messageId = answeredBy(payload);
  let turn = takeTurn(run, payload, Date.now());
  for (let asked = 0; turn.question; asked += 1) {
    const replyId = replyIdOf(payload, asked) ?? newId('msg');
    const given = await answer(turn.question, { turn, asked, replyId });
    const isOpening = run.revision === null && (payload.kind === 'start' || turn.pending.length > 0);
    turn = answerTurn(run, turn, { messageId, answer: given, replyId }, isOpening ? Date.now() : undefined);
  }
  return turn;
}

/** Gives a turn its next inputs for as long as it waits for them; what a run has ended or handed off before stays unheard. */
function goOn(graph: Graph, begun: Turn, inputs: readonly StepInput[]): OpenTurn {
  let turn = begun;
  for (const [index, input] of inputs.entries()) {
    if (turn.question) return { ...turn, pending: inputs.slice(index) };
    if (turn.state.status !== 'waiting') break;
    turn = join(graph, turn, input);
  }
  return { ...turn, pending: [] };
}

/** One turn out of two that follow each other; of one that fails, nothing is said but its apology. */
function join(graph: Graph, first: Turn, input: StepInput, now?: number): Turn {
  const hasSaid = first.effects.some(({ kind }) => kind === 'say');
  const second = reduce(graph, first.state, input, { passed: first.trace.length, hasSaid, now });
  return {
    ...second,
    effects: second.failure === null ? [...first.effects, ...second.effects] : second.effects,
    trace: [...first.trace, ...second.trace],
  };
}
