import { Controller } from '@nestjs/common';
import { conversationDeleted, type EventEnvelope } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import { AssetsService } from '../assets/assets.service.ts';
import type { Tables } from '../database.ts';
import { RetentionRepository } from './retention.repository.ts';

/** A conversation that is deleted takes its files along. */
@Controller()
export class DeletionsConsumer {
  constructor(
    private readonly retention: RetentionRepository,
    private readonly assets: AssetsService,
  ) {}

  @OnEvent(conversationDeleted, { consumer: 'conversations' })
  async onDeleted(
    events: EventEnvelope<typeof conversationDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events)
      await this.assets.gone(
        trx,
        await this.retention.deleteOfConversation(trx, spaceId, data.conversationId),
        'request',
      );
  }
}
