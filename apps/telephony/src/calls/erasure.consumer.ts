import { Controller } from '@nestjs/common';
import { contactErased, type EventEnvelope } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { ErasureRepository } from './erasure.repository.ts';

/** Whoever is erased leaves no address behind in calls. */
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
}
