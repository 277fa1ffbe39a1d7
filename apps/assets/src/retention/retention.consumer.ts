import { Controller } from '@nestjs/common';
import { type EventEnvelope, spaceChanged } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { RetentionRepository } from './retention.repository.ts';

/** Knows how long each space keeps its files. */
@Controller()
export class RetentionConsumer {
  constructor(private readonly retention: RetentionRepository) {}

  @OnEvent(spaceChanged, { consumer: 'spaces' })
  async onChanged(
    events: EventEnvelope<typeof spaceChanged>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events)
      if (data.retentionDays !== undefined) await this.retention.save(trx, spaceId, data.retentionDays);
  }
}
