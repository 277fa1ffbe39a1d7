import { Controller } from '@nestjs/common';
import { type EventEnvelope, handoffRequested, messageProduced } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import { Logger } from '@parley/service';
import type { Timeline } from '../conversations/timeline.ts';
import type { ConversationRow, ConversationTrx, Tables } from '../database.ts';
import { SpeechService } from '../voice/speech.service.ts';
import { MessagesRepository } from './messages.repository.ts';

type Produced = EventEnvelope<typeof messageProduced>;

/** What flows say becomes messages, as long as the flow owns the conversation. */
@Controller()
export class ProducedConsumer {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly timelines: TimelinesService,
    private readonly speech: SpeechService,
    private readonly logger: Logger,
  ) {}

  /** Repeats are dropped by the message's id, which the flow has drawn. */
  @OnEvent(messageProduced, { consumer: 'produced', dedupe: 'own' })
  async onProduced(events: Produced[], { trx }: EventContext<Tables>): Promise<void> {
    const locked = await this.conversations.lockMany(trx, [
      ...new Set(events.map(({ data }) => data.conversationId)),
    ]);
    const timelines = this.timelines.open(locked);
    const found = await this.messages.providerIds(
      trx,
      events.flatMap(({ data }) => [data.messageId, ...(data.replyTo ? [data.replyTo] : [])]),
    );
    const awaited = await this.speech.findPending(trx, timelines.values());
    const known = new Set(found.keys());
    const late = await this.lateGreetings(trx, events, timelines);
    for (const { spaceId, data } of events) {
      const { conversationId, messageId } = data;
      const timeline = timelines.get(conversationId);
      if (!timeline)
        this.logger.info({ spaceId, conversationId, messageId }, 'A flow said something in no conversation');
      if (!timeline || known.has(messageId) || (data.greeting && late.has(conversationId))) continue;
      known.add(data.messageId);
      const withheld = withheldBy(timeline.conversation);
      timeline.post({
        id: data.messageId,
        author: {
          type: 'agent',
          agentId: data.author.agentId,
          accountId: data.author.accountId,
          name: data.author.name,
        },
        parts: data.parts,
        citations: data.citations,
        replyTo: data.replyTo,
        inReplyTo: data.replyTo ? (found.get(data.replyTo) ?? null) : null,
        attempt: data.attempt,
        speech: awaited.get(data.messageId) ?? null,
        wakes: false,
        ...(withheld ? { internal: true, metadata: { withheld } } : {}),
      });
    }
    await this.timelines.write(trx, timelines.values());
    await this.speech.deleteDelivered(trx, timelines.values());
  }

  /**
   * Conversations whose greeting is not posted any more: visitors have seen it beside the empty chat, callers have spoken
   * first. A channel of messages alone shows nothing before; its contacts are greeted before the first answer.
   */
  private async lateGreetings(
    trx: ConversationTrx,
    events: readonly Produced[],
    timelines: ReadonlyMap<string, Timeline>,
  ): Promise<Set<string>> {
    const greeted = events.flatMap(({ data }) => {
      const type = timelines.get(data.conversationId)?.conversation.deployment_type;
      return data.greeting && isGreetedBefore(type) ? [data.conversationId] : [];
    });
    return this.messages.withContactMessage(trx, greeted);
  }

  @OnEvent(handoffRequested, { consumer: 'produced', dedupe: 'inbox' })
  async onHandoff(
    events: EventEnvelope<typeof handoffRequested>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const locked = await this.conversations.lockMany(trx, [
      ...new Set(events.map(({ data }) => data.conversationId)),
    ]);
    const timelines = this.timelines.open(locked);
    for (const { data } of events) {
      const timeline = timelines.get(data.conversationId);
      // A direct room has nobody else to hand over to.
      if (timeline?.conversation.audience === null)
        timeline.setOwner('human', { by: null, reason: data.reason });
    }
    await this.timelines.write(trx, timelines.values());
  }
}

/** Only the owner's side answers, and only while the conversation is active: later, members see it as a note. */
function withheldBy({ owner, status }: ConversationRow): 'owner_changed' | 'conversation_closed' | null {
  if (owner !== 'flow') return 'owner_changed';
  return status === 'closed' ? 'conversation_closed' : null;
}

/** Channels with a page or a call of their own. */
function isGreetedBefore(deploymentType: string | null | undefined): boolean {
  return deploymentType === 'WEB' || deploymentType === 'CALLS';
}
