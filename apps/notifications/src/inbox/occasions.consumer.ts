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

/** A person who has the conversation open reads it within this time, and needs no notification. */
const REPLY_DELAY_MS = 2000;
/** Older messages are read again after an upgrade; nobody is notified of them any more. */
const REPLY_AGE_MS = 3_600_000;

/** Events that members may be notified of: each becomes a task, which asks whom and what about. */
@Controller()
export class OccasionsConsumer {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly tasks: Tasks,
  ) {}

  @OnEvent(handoffRequested, { consumer: 'handoffs' })
  async onHandoff(
    events: EventEnvelope<typeof handoffRequested>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const planned = events.map((event) => taskOf(event, { reason: event.data.reason, sequence: null }));
    await this.tasks.enqueue(trx, planned);
  }

  @OnEvent(ownerChanged, { consumer: 'handoffs' })
  async onOwner(events: EventEnvelope<typeof ownerChanged>[], { trx }: EventContext<Tables>): Promise<void> {
    const asked = events.filter(({ data }) => data.handoff === true && data.audience === undefined);
    const planned = asked.map((event) => taskOf(event, { reason: event.data.reason, sequence: null }));
    await this.tasks.enqueue(trx, planned);
  }

  /** Reads every message and notifies of few, after a delay: many share one transaction. */
  @OnEvent(messagePosted, { consumer: 'replies', minIntervalMs: 250 })
  async onMessage(
    events: EventEnvelope<typeof messagePosted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const replies = events.filter(
      ({ data, time }) =>
        data.owner === 'human' &&
        data.message.author.type === 'contact' &&
        Date.now() - Date.parse(time) < REPLY_AGE_MS,
    );
    await this.tasks.enqueue(
      trx,
      replies.map((event) => {
        const { id: messageId, sequence } = event.data.message;
        const dueAt = new Date(Date.now() + REPLY_DELAY_MS);
        return { ...taskOf(event, { event: messagePosted.name, messageId, sequence }), dueAt };
      }),
    );
    for (const { spaceId, data } of events)
      await this.seen(trx, { spaceId, ...data, accountId: data.message.author.accountId });
  }

  @OnEvent(conversationRead, { consumer: 'replies' })
  async onRead(
    events: EventEnvelope<typeof conversationRead>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.seen(trx, { spaceId, ...data });
  }

  @OnEvent(contactErased, { consumer: 'replies' })
  async onErased(
    events: EventEnvelope<typeof contactErased>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.inbox.erase(trx, spaceId, data.conversationId);
  }

  @OnEvent(conversationDeleted, { consumer: 'replies' })
  async onDeleted(
    events: EventEnvelope<typeof conversationDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.inbox.remove(trx, spaceId, data.conversationId);
  }

  /** Who reads or answers has seen what the inbox says of the conversation. */
  private async seen(
    trx: NotificationTrx,
    where: { spaceId: string; conversationId: string; accountId?: string | null | undefined },
  ): Promise<void> {
    const { spaceId, conversationId, accountId } = where;
    if (accountId) await this.inbox.markConversationRead(trx, { spaceId, conversationId, accountId });
  }
}

function taskOf(
  event: Pick<EventEnvelope, 'id' | 'spaceId'> & { data: { conversationId: string } },
  more: Pick<NotifyPayload, 'sequence'> & Partial<NotifyPayload>,
): NewTask<NotifyPayload> {
  const { conversationId } = event.data;
  const payload = { event: handoffRequested.name as RuleEvent, conversationId, ...more };
  return { queue: NOTIFY_QUEUE, id: event.id, key: conversationId, spaceId: event.spaceId, payload };
}
