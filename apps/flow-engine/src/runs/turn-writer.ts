import { Injectable } from '@nestjs/common';
import {
  handoffRequested,
  messageProduced,
  newId,
  runFinished,
  runStarted,
  stepCompleted,
} from '@parley/contracts';
import { EventLog, type NewEvent, RetryableError } from '@parley/messaging';
import { flowPhrases, type Language, phrase } from '@parley/text';
import type { FlowTrx } from '../database.ts';
import type { StepEffect } from '../steps/step.ts';
import type { Turn } from './reducer.ts';
import { type LoadedRun, remember } from './runs.service.ts';
import type { HistoryTurn, NewRunRow, RunStatus } from './run.table.ts';
import { type NewStep, RunsRepository } from './runs.repository.ts';
import { replyIdOf, responderId, type TurnPayload } from './turn.ts';

/** Pause before a turn whose run another has changed meanwhile is taken anew. */
const GONE_ON_MS = 50;

export interface TurnRecord {
  turn: Turn;
  payload: TurnPayload;
  startedAt: Date;
  attempt: number;
  /** Ids of the messages it says, in their order. */
  messageIds: string[];
}

/** A turn with the run as it was before it. */
export interface TakenTurn {
  run: LoadedRun;
  record: TurnRecord;
}

/** Draws the ids of what a turn says: an answer's was drawn before it was asked for, and an apology takes its place. */
export function takenTurn(run: LoadedRun, record: Omit<TurnRecord, 'messageIds'>): TakenTurn {
  const { turn, payload } = record;
  const inPlace = turn.failure === null ? undefined : replyIdOf(payload, 0);
  const messageIds = turn.effects.filter(isSaid).map(({ messageId }) => messageId ?? inPlace ?? newId('msg'));
  return { run, record: { ...record, messageIds } };
}

function isSaid(effect: StepEffect): effect is Extract<StepEffect, { kind: 'say' }> {
  return effect.kind === 'say';
}

/** A run as it is after a turn. */
export function afterTurn({ run, record }: TakenTurn): LoadedRun {
  const { turn } = record;
  const history = remember(turn.state.history, ...linesOf(record));
  return { ...run, state: { ...turn.state, history }, nextNo: run.nextNo + turn.trace.length };
}

/** Writes what turns came to: runs, traces and events together. */
@Injectable()
export class TurnWriter {
  constructor(
    private readonly runs: RunsRepository,
    private readonly events: EventLog,
  ) {}

  /**
   * Writes one turn, or only what changed of the run, unless the run has gone on since it was read.
   * @throws RetryableError when it has
   */
  async write(trx: FlowTrx, before: LoadedRun, after: LoadedRun, taken: readonly TakenTurn[]): Promise<void> {
    await this.runs.lockConversations(trx, [before.conversationId]);
    const { spaceId, id, revision } = before;
    if (revision !== null && !(await this.runs.isCurrent(trx, { spaceId, id, revision })))
      throw new RetryableError('The run changed during the turn.', { afterMs: GONE_ON_MS });
    await this.writeMany(trx, [after], taken);
  }

  /** Writes runs as they are now with the turns they took, in order; their conversations are locked. */
  async writeMany(trx: FlowTrx, runs: readonly LoadedRun[], taken: readonly TakenTurn[]): Promise<void> {
    await this.runs.saveMany(trx, runs.map(toRow));
    await this.runs.insertSteps(trx, taken.flatMap(toSteps));
    await this.events.append(trx, taken.flatMap(toEvents));
  }
}

function toRow(run: LoadedRun): NewRunRow {
  const { state } = run;
  return {
    space_id: run.spaceId,
    id: run.id,
    conversation_id: run.conversationId,
    responder_id: responderId(run.responder),
    flow_id: run.flowId,
    agent_id: run.responder.agentId,
    version_number: run.versionNumber,
    status: state.status,
    step_id: state.stepId,
    step_state: JSON.stringify(state.stepState),
    variables: JSON.stringify(state.variables),
    history: JSON.stringify(state.history),
    next_no: run.nextNo,
  };
}

/** What a turn adds to the history: the message that was heard, and what is said. */
export function linesOf({
  turn,
  payload,
  messageIds,
}: Pick<TurnRecord, 'turn' | 'payload' | 'messageIds'>): HistoryTurn[] {
  const heard: HistoryTurn[] =
    payload.kind === 'message' ? [{ role: 'user', text: payload.text, messageId: payload.messageId }] : [];
  const said = turn.effects.filter(isSaid).map((effect, index): HistoryTurn => {
    const text = effect.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
    const messageId = messageIds[index];
    return messageId === undefined ? { role: 'assistant', text } : { role: 'assistant', text, messageId };
  });
  return [...heard, ...said];
}

function toSteps({ run, record }: TakenTurn): NewStep[] {
  const { turn, startedAt } = record;
  return turn.trace.map((line, index) => ({
    spaceId: run.spaceId,
    runId: run.id,
    no: run.nextNo + index,
    stepId: line.stepId,
    type: line.type,
    input: line.input,
    output: { outcome: line.outcome, effects: line.effects },
    startedAt,
    durationMs: Math.max(0, Date.now() - startedAt.getTime()),
  }));
}

function toEvents({ run, record }: TakenTurn): NewEvent[] {
  const { turn, attempt, messageIds, payload } = record;
  const { audience } = payload;
  const inRun = {
    runId: run.id,
    flowId: run.flowId,
    agentId: run.responder.agentId,
    conversationId: run.conversationId,
    ...(audience ? { audience } : {}),
  };
  const event = (definition: NewEvent['definition'], data: object): NewEvent => ({
    definition,
    spaceId: run.spaceId,
    data: { ...inRun, ...data },
  });
  const started = run.revision === null ? [event(runStarted, { versionNumber: run.versionNumber })] : [];
  const completed = turn.trace.flatMap(({ stepId, type, outcome }, index) =>
    outcome === null ? [] : [event(stepCompleted, { no: run.nextNo + index, stepId, type, outcome })],
  );
  const events: NewEvent[] = [...started, ...completed];
  const ids = messageIds.values();
  for (const effect of turn.effects) {
    events.push(
      effect.kind === 'say'
        ? event(
            messageProduced,
            saidData(run, effect, {
              messageId: ids.next().value ?? '',
              attempt,
              language: turn.state.language,
            }),
          )
        : event(handoffRequested, { reason: effect.reason }),
    );
  }
  if (turn.failure !== null) events.push(event(handoffRequested, { reason: turn.failure }));
  if (isOver(turn.state.status)) {
    events.push(event(runFinished, { status: turn.state.status, reason: turn.failure }));
  }
  // A direct room has nobody to hand over to, and nobody else is told of it.
  return audience ? events.filter(({ definition }) => definition !== handoffRequested) : events;
}

/** Whether a run in this status is over: what comes next in its conversation begins another. */
export function isOver(status: RunStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

function saidData(
  run: LoadedRun,
  effect: Extract<StepEffect, { kind: 'say' }>,
  { language, ...drawn }: { messageId: string; attempt: number; language: Language },
): object {
  const author = {
    agentId: run.agent?.id ?? null,
    accountId: run.agent?.account_id ?? null,
    name: run.agent?.name ?? phrase(flowPhrases, language, 'assistant'),
  };
  return {
    ...drawn,
    parts: effect.parts,
    citations: effect.citations ?? [],
    replyTo: effect.replyTo,
    author,
    ...(effect.isGreeting ? { greeting: true } : {}),
  };
}
