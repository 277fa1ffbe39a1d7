import { Controller } from '@nestjs/common';
import {
  deliveryUpdated,
  type EventEnvelope,
  messageStatusChanged,
  messageStatuses,
} from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { MessageRow, MessageStatus, Tables } from '../database.ts';
import { MessagesRepository } from './messages.repository.ts';

/** Keeps what became of messages at their channels; a status never falls back. */
@Controller()
export class DeliveredConsumer {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly timelines: TimelinesService,
  ) {}

  @OnEvent(deliveryUpdated, { consumer: 'delivered', dedupe: 'own', minIntervalMs: 60 })
  async onDelivery(
    updates: EventEnvelope<typeof deliveryUpdated>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    // The delivery of an edit or a reaction says nothing about the message.
    const events = updates.filter(({ data }) => (data.kind ?? 'message') === 'message');
    if (events.length === 0) return;
    const locked = await this.conversations.lockMany(trx, [
      ...new Set(events.map(({ data }) => data.conversationId)),
    ]);
    const timelines = this.timelines.open(locked);
    const rows = new Map(
      (
        await this.messages.findMany(
          trx,
          events.map(({ data }) => data.messageId),
        )
      ).map((row) => [row.id, row]),
    );
    const changed = new Map<string, MessageRow>();
    for (const { data } of events) {
      const row = changed.get(data.messageId) ?? rows.get(data.messageId);
      if (!row || !follows(data.status, row.status)) continue;
      changed.set(row.id, { ...row, status: data.status, status_reason: data.reason });
      timelines
        .get(data.conversationId)
        ?.add(messageStatusChanged, { messageId: row.id, status: data.status, statusReason: data.reason });
    }
    await this.messages.updateStatuses(trx, [...changed.values()]);
    await this.timelines.write(trx, timelines.values());
  }
}

/** What arrived did not fail; what failed may still be sent by a later attempt; else statuses only rise. */
function follows(next: MessageStatus, before: MessageStatus): boolean {
  if (next === 'failed') return before === 'accepted' || before === 'sent';
  return before === 'failed' || messageStatuses.indexOf(next) > messageStatuses.indexOf(before);
}
