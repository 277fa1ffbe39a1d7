import { Controller } from '@nestjs/common';
import {
  contactErased,
  conversationDeleted,
  conversationRead,
  type EventEnvelope,
  handoffRequested,
  messagePosted,
  ownerChanged,
} from '@parley/contracts';
import { type EventContext, type NewTask, OnEvent, Tasks } from '@parley/messaging';
import type { NotificationTrx, RuleEvent, Tables } from '../database.ts';
import { InboxRepository } from './inbox.repository.ts';
import { NOTIFY_QUEUE, type NotifyPayload } from './notify.consumer.ts';

/** A member who has the conversation open reads the message within this time and needs no notification. */
const REPLY_DELAY_MS = 2000;
/** Messages older than this cause no notification. A consumer can read old events again after an upgrade. */
const MAX_REPLY_AGE_MS = 3_600_000;

/** Enqueues a task for each event that can cause notifications. */
@Controller()
export class TriggersConsumer {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly tasks: Tasks,
  ) {}

  @OnEvent(handoffRequested, { consumer: 'handoffs' })
  async onHandoffRequested(
    events: EventEnvelope<typeof handoffRequested>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const tasks = events.map((event) => notifyTask(event, { reason: event.data.reason, sequence: null }));
    await this.tasks.enqueue(trx, tasks);
  }

  @OnEvent(ownerChanged, { consumer: 'handoffs' })
  async onOwnerChanged(
    events: EventEnvelope<typeof ownerChanged>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const handoffs = events.filter(({ data }) => data.handoff === true && data.audience === undefined);
    const tasks = handoffs.map((event) => notifyTask(event, { reason: event.data.reason, sequence: null }));
    await this.tasks.enqueue(trx, tasks);
  }

  /** Enqueues notifications of contacts' messages after a delay. Few messages qualify, so large batches share a transaction. */
  @OnEvent(messagePosted, {
    consumer: 'replies',
    minIntervalMs: 250,
    concerns: ({ data: { owner, message } }) =>
      message.author.type === 'account' || (owner === 'human' && message.author.type === 'contact'),
  })
  async onMessagePosted(
    events: EventEnvelope<typeof messagePosted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const replies = events.filter(
      ({ data, time }) =>
        data.owner === 'human' &&
        data.message.author.type === 'contact' &&
        Date.now() - Date.parse(time) < MAX_REPLY_AGE_MS,
    );
    await this.tasks.enqueue(
      trx,
      replies.map((event) => {
        const { id: messageId, sequence } = event.data.message;
        const dueAt = new Date(Date.now() + REPLY_DELAY_MS);
        return { ...notifyTask(event, { event: messagePosted.name, messageId, sequence }), dueAt };
      }),
    );
    for (const { spaceId, data } of events)
      await this.markConversationRead(trx, { spaceId, ...data, accountId: data.message.author.accountId });
  }

  @OnEvent(conversationRead, { consumer: 'replies' })
  async onConversationRead(
    events: EventEnvelope<typeof conversationRead>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.markConversationRead(trx, { spaceId, ...data });
  }

  @OnEvent(contactErased, { consumer: 'replies' })
  async onContactErased(
    events: EventEnvelope<typeof contactErased>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events)
      await this.inbox.redactConversation(trx, spaceId, data.conversationId);
  }

  @OnEvent(conversationDeleted, { consumer: 'replies' })
  async onConversationDeleted(
    events: EventEnvelope<typeof conversationDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events)
      await this.inbox.deleteConversation(trx, spaceId, data.conversationId);
  }

  /** Marks the notifications of a member who has read or answered a conversation as read. */
  private async markConversationRead(
    trx: NotificationTrx,
    where: { spaceId: string; conversationId: string; accountId?: string | null | undefined },
  ): Promise<void> {
    const { spaceId, conversationId, accountId } = where;
    if (accountId) await this.inbox.markConversationRead(trx, { spaceId, conversationId, accountId });
  }
}

function notifyTask(
  event: Pick<EventEnvelope, 'id' | 'spaceId'> & { data: { conversationId: string } },
  details: Pick<NotifyPayload, 'sequence'> & Partial<NotifyPayload>,
): NewTask<NotifyPayload> {
  const { conversationId } = event.data;
  const payload = { event: handoffRequested.name as RuleEvent, conversationId, ...details };
  return { queue: NOTIFY_QUEUE, id: event.id, key: conversationId, spaceId: event.spaceId, payload };
}
