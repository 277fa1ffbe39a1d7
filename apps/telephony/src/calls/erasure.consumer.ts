import { Controller } from '@nestjs/common';
import { contactErased, conversationDeleted, type EventEnvelope } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { ErasureRepository } from './erasure.repository.ts';

/** Whoever is erased, or whose conversation is deleted, leaves no address behind in calls. */
@Controller()
export class ErasureConsumer {
  constructor(private readonly erasures: ErasureRepository) {}

  @OnEvent(contactErased, { consumer: 'erased_callers' })
  async onErased(
    events: EventEnvelope<typeof contactErased>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.erasures.erase(trx, spaceId, data.conversationId);
  }

  @OnEvent(conversationDeleted, { consumer: 'erased_callers' })
  async onDeleted(
    events: EventEnvelope<typeof conversationDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) {
      await this.erasures.eraseCaller(trx, spaceId, data.conversationId);
      await this.erasures.forgetTurns(trx, spaceId, data.conversationId);
    }
  }
}
