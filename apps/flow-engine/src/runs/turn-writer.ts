import { Injectable } from '@nestjs/common';
import {
  handoffRequested,
  messageProduced,
  newId,
  runFinished,
  runStarted,
  stepCompleted,
} from '@parley/contracts';
import { EventLog, type NewEvent } from '@parley/messaging';
import type { FlowTrx } from '../database.ts';
import type { StepEffect } from '../steps/step.ts';
import type { TraceLine, Turn } from './reducer.ts';
import { type LoadedRun, remember } from './runs.service.ts';
import type { HistoryTurn } from './run.table.ts';
import { type NewStep, RunsRepository } from './runs.repository.ts';
import { responderId, type TurnPayload } from './turn.ts';

export interface TurnRecord {
  turn: Turn;
  payload: TurnPayload;
  startedAt: Date;
  attempt: number;
}

/** Writes what a turn came to: run, trace and events together. */
@Injectable()
export class TurnWriter {
  constructor(
    private readonly runs: RunsRepository,
    private readonly events: EventLog,
  ) {}

  async write(trx: FlowTrx, run: LoadedRun, record: TurnRecord): Promise<void> {
    const { turn } = record;
    const row = {
      space_id: run.spaceId,
      id: run.id,
      conversation_id: run.conversationId,
      responder_id: responderId(run.responder),
      flow_id: run.flowId,
      agent_id: run.responder.agentId,
      version_number: run.versionNumber,
      status: turn.state.status,
      step_id: turn.state.stepId,
      step_state: JSON.stringify(turn.state.stepState),
      variables: JSON.stringify(turn.state.variables),
      history: JSON.stringify(remember(turn.state.history, ...spoken(record))),
      next_no: run.nextNo + turn.trace.length,
    };
    const steps = turn.trace.map((line) => toStep(line, record));
    await this.runs.save(trx, row, steps, run.nextNo);
    await this.events.append(trx, toEvents(run, record));
  }
}

function spoken({ turn, payload }: TurnRecord): HistoryTurn[] {
  const heard: HistoryTurn[] = payload.kind === 'message' ? [{ role: 'user', text: payload.text }] : [];
  const said = turn.effects.flatMap((effect): HistoryTurn[] => {
    if (effect.kind !== 'say') return [];
    const text = effect.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
    return [{ role: 'assistant', text }];
  });
  return [...heard, ...said];
}

function toStep(line: TraceLine, { startedAt }: TurnRecord): NewStep {
  return {
    stepId: line.stepId,
    type: line.type,
    input: line.input,
    output: { outcome: line.outcome, effects: line.effects },
    startedAt,
    durationMs: Math.max(0, Date.now() - startedAt.getTime()),
  };
}

function toEvents(run: LoadedRun, record: TurnRecord): NewEvent[] {
  const { turn, payload } = record;
  const inRun = {
    runId: run.id,
    flowId: run.flowId,
    agentId: run.responder.agentId,
    conversationId: run.conversationId,
  };
  const event = (definition: NewEvent['definition'], data: object): NewEvent => ({
    definition,
    spaceId: run.spaceId,
    data: { ...inRun, ...data },
  });
  const started = run.isNew ? [event(runStarted, { versionNumber: run.versionNumber })] : [];
  const completed = turn.trace.flatMap(({ stepId, type, outcome }, index) =>
    outcome === null ? [] : [event(stepCompleted, { no: run.nextNo + index, stepId, type, outcome })],
  );
  const events: NewEvent[] = [...started, ...completed];
  let replyId =
    payload.kind === 'message' && turn.trace.some((line) => line.input.kind === 'answer')
      ? payload.replyId
      : null;
  for (const effect of turn.effects) {
    events.push(
      event(
        effect.kind === 'say' ? messageProduced : handoffRequested,
        effectData(run, effect, { replyId, attempt: record.attempt }),
      ),
    );
    if (effect.kind === 'say' && effect.replyTo !== null) replyId = null;
  }
  if (turn.failure) events.push(event(handoffRequested, { reason: turn.failure }));
  if (turn.state.status === 'completed' || turn.state.status === 'failed') {
    events.push(event(runFinished, { status: turn.state.status, reason: turn.failure }));
  }
  return events;
}

function effectData(
  run: LoadedRun,
  effect: StepEffect,
  drawn: { replyId: string | null; attempt: number },
): object {
  if (effect.kind === 'handoff') return { reason: effect.reason };
  const messageId = effect.replyTo === null ? newId('msg') : (drawn.replyId ?? newId('msg'));
  const author = {
    agentId: run.agent?.id ?? null,
    accountId: run.agent?.account_id ?? null,
    name: run.agent?.name ?? 'Assistant',
  };
  return {
    messageId,
    attempt: drawn.attempt,
    parts: effect.parts,
    citations: effect.citations ?? [],
    replyTo: effect.replyTo,
    author,
  };
}
