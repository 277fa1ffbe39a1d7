import { Controller } from '@nestjs/common';
import { conversationCreated, type EventEnvelope, messagePosted, newId, type Part } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { type Responder, responderId, TURN_QUEUE } from './turn.ts';
import type { NewTurn } from './turn-batch.ts';
import { TurnBatchService } from './turn-batch.service.ts';

type Created = EventEnvelope<typeof conversationCreated>;
type Posted = EventEnvelope<typeof messagePosted>;

/** Turns the facts of conversations into turns of runs, in order per conversation and responder. */
@Controller()
export class RunsConsumer {
  constructor(private readonly turns: TurnBatchService) {}

  @OnEvent(conversationCreated, { consumer: 'runs', dedupe: 'sequence' })
  async onCreated(events: Created[], context: EventContext<Tables>): Promise<void> {
    const turns = events
      .filter((event) => event.data.owner === 'flow')
      .flatMap((event) =>
        respondersOf(event.data).map((responder) => toTurn(event, responder, { kind: 'start' })),
      );
    await this.turns.take(context.trx, turns);
  }

  @OnEvent(messagePosted, { consumer: 'runs', dedupe: 'sequence' })
  async onPosted(events: Posted[], context: EventContext<Tables>): Promise<void> {
    const turns = events.flatMap((event) => {
      const turn = turnOf(event);
      return turn
        ? respondersOf(event.data).map((responder) => toTurn(event, responder, turn(responder)))
        : [];
    });
    await this.turns.take(context.trx, turns);
  }
}

type TurnBody =
  | { kind: 'start' }
  | { kind: 'message'; messageId: string; text: string; replyId: string }
  | { kind: 'note'; text: string; role: 'user' | 'person' };

function turnOf(event: Posted): ((responder: Responder) => TurnBody) | null {
  const { message, wakes, owner } = event.data;
  const { type } = message.author;
  if (message.internal || type === 'agent' || type === 'system') return null;
  const text = textOf(message.parts);
  if (wakes && owner === 'flow')
    return () => ({ kind: 'message', messageId: message.id, text, replyId: newId('msg') });
  return () => ({ kind: 'note', text, role: type === 'contact' ? 'user' : 'person' });
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

function toTurn(event: Created | Posted, responder: Responder, body: TurnBody): NewTurn {
  const { conversationId } = event.data;
  const id = responderId(responder);
  return {
    queue: TURN_QUEUE,
    id: `${event.id}:${id}`,
    key: `${conversationId}:${id}`,
    spaceId: event.spaceId,
    payload: { ...body, conversationId, responder },
  };
}
