import { handoffRequested, messageProduced, newId } from '@parley/contracts';
import type { NewEvent } from '@parley/messaging';
import { flowPhrases, phrasebook } from '@parley/text';
import { textParts } from '../steps/step.ts';
import { failedTurn } from './reducer.ts';
import { languageOfTurn } from './language.ts';
import type { LoadedRun } from './runs.service.ts';
import { answeredBy, stateOf } from './turn-taking.ts';
import { type NewTurn, replyIdOf } from './turn.ts';
import { takenTurn, type TakenTurn } from './turn-writer.ts';

const AGENT_GONE = 'The agent of this conversation was deleted.';
const FLOW_GONE = 'The flow of this conversation was deleted, or was never published.';

/** A turn that nobody can take: its agent or flow is gone. The run is the one that the agent left behind. */
export interface Orphan {
  turn: NewTurn;
  run: LoadedRun | null;
}

/** What orphans come to: the last turns of runs, and what is said where there is no run. */
export interface Abandoned {
  taken: TakenTurn[];
  events: NewEvent[];
}

/** Whether the agent that has to speak in a run is gone. */
export function isOrphaned({ responder, agent }: LoadedRun): boolean {
  return responder.agentId !== null && agent === null;
}

/**
 * Leaves no message unanswered in silence: where nobody else answers it, a person is asked for with the reason, once for
 * each conversation, and the run that was left behind ends. Pure.
 *
 * @param isAnswered whether another agent of the conversation answers that message
 */
export function abandon(orphans: readonly Orphan[], isAnswered: (turn: NewTurn) => boolean): Abandoned {
  const done: Abandoned = { taken: [], events: [] };
  const conversations = new Set<string>();
  for (const { turn, run } of orphans) {
    const { payload } = turn;
    if (payload.kind !== 'message' || conversations.has(payload.conversationId)) continue;
    conversations.add(payload.conversationId);
    const answered = isAnswered(turn);
    if (run) done.taken.push(lastTurn(run, turn, answered));
    else if (!answered) done.events.push(...withoutRun(turn));
  }
  return done;
}

function lastTurn(run: LoadedRun, { payload }: NewTurn, answered: boolean): TakenTurn {
  const failed = failedTurn({ state: stateOf(run, payload), trace: [] }, AGENT_GONE, answeredBy(payload));
  const state = { ...run.state, status: 'cancelled' as const };
  const turn = answered ? { ...failed, state, effects: [], failure: null } : failed;
  return takenTurn(run, { turn, payload, startedAt: new Date(), attempt: 1 });
}

function withoutRun({ spaceId, payload }: NewTurn): NewEvent[] {
  const { conversationId, responder, audience } = payload;
  const book = phrasebook(flowPhrases, languageOfTurn(null, payload));
  const inRun = {
    ...{ runId: null, flowId: responder.flowId, agentId: responder.agentId, conversationId },
    ...(audience ? { audience } : {}),
  };
  const said = {
    messageId: replyIdOf(payload, 0) ?? newId('msg'),
    attempt: 1,
    parts: textParts(book.phrase('noResponder')),
    citations: [],
    replyTo: answeredBy(payload),
    author: { agentId: null, accountId: null, name: book.phrase('assistant') },
  };
  const reason = responder.agentId === null ? FLOW_GONE : AGENT_GONE;
  const apology = { definition: messageProduced, spaceId, data: { ...inRun, ...said } };
  // A direct room has nobody to hand over to, and nobody else is told of it.
  if (audience) return [apology];
  return [apology, { definition: handoffRequested, spaceId, data: { ...inRun, reason } }];
}
