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
import type { MessageStatus, Tables } from '../database.ts';
import { MessagesRepository } from './messages.repository.ts';

/** Keeps what became of messages at their channels; a status never falls back. */
@Controller()
export class DeliveredConsumer {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly timelines: TimelinesService,
  ) {}

  @OnEvent(deliveryUpdated, { consumer: 'delivered', dedupe: 'own' })
  async onDelivery(
    events: EventEnvelope<typeof deliveryUpdated>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const locked = await this.conversations.lockMany(trx, [
      ...new Set(events.map(({ data }) => data.conversationId)),
    ]);
    const timelines = await this.timelines.open(trx, locked);
    const rows = new Map(
      (
        await this.messages.findMany(
          trx,
          events.map(({ data }) => data.messageId),
        )
      ).map((row) => [row.id, row]),
    );
    for (const { data } of events) {
      const row = rows.get(data.messageId);
      if (!row || rank(data.status) <= rank(row.status)) continue;
      await this.messages.updateStatus(trx, row, data.status, data.reason);
      rows.set(row.id, { ...row, status: data.status });
      timelines
        .get(data.conversationId)
        ?.add(messageStatusChanged, { messageId: row.id, status: data.status, statusReason: data.reason });
    }
    await this.timelines.write(trx, timelines.values());
  }
}

/** `failed` counts only for what was never sent. */
function rank(status: MessageStatus): number {
  return status === 'failed' ? 0.5 : messageStatuses.indexOf(status);
}
