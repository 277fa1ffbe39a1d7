import type { Question } from '../answers/answers.service.ts';
import type { Turn } from './reducer.ts';
import type { HistoryTurn } from './run.table.ts';
import { type LoadedRun, remember } from './runs.service.ts';
import { answeredBy, type AnswerSource, type SpokenPayload } from './turn-taking.ts';
import { linesOf } from './turn-writer.ts';

/** What a turn asks, with all that an answer may draw on but the attempt. */
export function questionOf(
  run: LoadedRun,
  payload: SpokenPayload,
  ...[{ agentId, text }, { turn, asked, replyId }]: Parameters<AnswerSource>
): Omit<Question, 'attempt' | 'signal'> {
  return {
    spaceId: run.spaceId,
    conversationId: run.conversationId,
    agentId: agentId ?? run.responder.agentId,
    agent: run.agent,
    question: text,
    language: turn.state.language,
    history: asked === 0 ? turn.state.history : saidSoFar(turn, payload),
    messageId: replyId,
    replyTo: answeredBy(payload),
    spoken: payload.kind === 'message' && payload.spoken === true,
  };
}

/** The history with what the turn has heard and said until now. */
function saidSoFar(turn: Turn, payload: SpokenPayload): HistoryTurn[] {
  return remember(turn.state.history, ...linesOf({ turn, payload, messageIds: [] }));
}
