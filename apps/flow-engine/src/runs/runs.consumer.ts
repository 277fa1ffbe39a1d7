import { Controller } from '@nestjs/common';
import {
  conversationCreated,
  conversationDeleted,
  type EventEnvelope,
  messageChanged,
  messagePosted,
  newId,
  type Part,
} from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { RunsRepository } from './runs.repository.ts';
import { type NewTurn, type Responder, responderId, TURN_QUEUE, type TurnPayload } from './turn.ts';
import { RunDeletionService } from './run-deletion.service.ts';
import { TurnBatchService } from './turn-batch.service.ts';

type Created = EventEnvelope<typeof conversationCreated>;
type Posted = EventEnvelope<typeof messagePosted>;
type Changed = EventEnvelope<typeof messageChanged>;

/** Turns the facts of conversations into turns of runs, in order per conversation and responder. */
@Controller()
export class RunsConsumer {
  constructor(
    private readonly turns: TurnBatchService,
    private readonly runs: RunsRepository,
    private readonly deletion: RunDeletionService,
  ) {}

  @OnEvent(conversationCreated, { consumer: 'runs', dedupe: 'sequence' })
  async onCreated(events: Created[], context: EventContext<Tables>): Promise<void> {
    const turns = events
      .filter((event) => event.data.owner === 'flow')
      .flatMap((event) =>
        respondersOf(event.data).map((responder) =>
          toTurn(event, responder, { kind: 'start', replyId: newId('msg') }),
        ),
      );
    await this.turns.take(context.trx, turns);
  }

  @OnEvent(messagePosted, {
    consumer: 'runs',
    dedupe: 'sequence',
    concerns: (event) => turnOf(event) !== null && respondersOf(event.data).length > 0,
  })
  async onPosted(events: Posted[], context: EventContext<Tables>): Promise<void> {
    const turns = events.flatMap((event) => {
      const turn = turnOf(event);
      return turn
        ? respondersOf(event.data).map((responder) => toTurn(event, responder, turn(responder)))
        : [];
    });
    await this.turns.take(context.trx, turns);
  }

  /** What was cut off of a spoken message was never said, and a deleted one is gone: histories keep what was heard. */
  @OnEvent(messageChanged, { consumer: 'runs', dedupe: 'sequence', concerns: isCutOrDeleted })
  async onChanged(events: Changed[], context: EventContext<Tables>): Promise<void> {
    const cut = events.filter(isCutOrDeleted);
    const live = await this.runs.respondersIn(
      context.trx,
      cut.map(({ data }) => data.conversationId),
    );
    const turns = cut.flatMap((event) => {
      const { message } = event.data;
      const heard = [{ messageId: message.id, spoken: message.speech?.spoken ?? '' }];
      const responders = live.filter(
        (one) => one.spaceId === event.spaceId && one.conversationId === event.data.conversationId,
      );
      return responders.map((one) => toTurn(event, one.responder, { kind: 'heard', heard }));
    });
    await this.turns.take(context.trx, turns);
  }

  @OnEvent(conversationDeleted, { consumer: 'runs', dedupe: 'sequence' })
  async onDeleted(
    events: EventEnvelope<typeof conversationDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.runs.lockConversations(
      trx,
      events.map(({ data }) => data.conversationId),
    );
    for (const { spaceId, data } of events) await this.deletion.end(trx, spaceId, data);
  }
}

function isCutOrDeleted({ data: { change, message } }: Changed): boolean {
  return change === 'deleted' || (change === 'speech' && isCut(message.speech));
}

function isCut(speech: Changed['data']['message']['speech']): boolean {
  return speech !== null && (speech.interruptedAtMs !== null || speech.spoken !== speech.generated);
}

type Body<Payload> = Payload extends TurnPayload
  ? Omit<Payload, 'conversationId' | 'responder' | 'audience'>
  : never;
type TurnBody = Body<TurnPayload>;

function turnOf(event: Posted): ((responder: Responder) => TurnBody) | null {
  const { message, wakes, owner, heard, language } = event.data;
  const { type } = message.author;
  if (message.internal || type === 'agent' || type === 'system') return null;
  const of = { messageId: message.id, text: textOf(message.parts) };
  // A turn of a call is stored after its transcription: a question may have been asked in the meantime.
  const sentAt = Date.parse(message.speech?.endedAt ?? message.createdAt);
  if (!wakes || owner !== 'flow')
    return () => ({ kind: 'note', ...of, role: type === 'contact' ? 'user' : 'person' });
  const said = {
    ...{ ...of, sentAt, ...(message.speech ? { spoken: true } : {}) },
    ...{ ...(heard ? { heard } : {}), ...(language ? { language } : {}) },
  };
  return () => ({ kind: 'message', ...said, replyId: newId('msg') });
}

function textOf(parts: readonly Part[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

function respondersOf(data: {
  target: { agentId?: string | null; flowId?: string | null } | null;
  agentIds: string[];
}): Responder[] {
  if (data.target?.flowId) return [{ agentId: null, flowId: data.target.flowId }];
  const ids = new Set([...(data.target?.agentId ? [data.target.agentId] : []), ...data.agentIds]);
  return [...ids].map((agentId) => ({ agentId, flowId: null }));
}

function toTurn(event: Created | Posted | Changed, responder: Responder, body: TurnBody): NewTurn {
  const { conversationId, audience } = event.data;
  const id = responderId(responder);
  return {
    queue: TURN_QUEUE,
    id: `${event.id}:${id}`,
    key: `${conversationId}:${id}`,
    spaceId: event.spaceId,
    payload: { ...body, conversationId, responder, ...(audience ? { audience } : {}) },
  };
}
