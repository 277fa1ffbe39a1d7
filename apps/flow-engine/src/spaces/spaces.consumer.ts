import { Controller } from '@nestjs/common';
import { type EventEnvelope, spaceChanged } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { SpacesRepository } from './spaces.repository.ts';

/** Keeps what agents take over from their space. */
@Controller()
export class SpacesConsumer {
  constructor(private readonly spaces: SpacesRepository) {}

  @OnEvent(spaceChanged, { consumer: 'spaces' })
  async onChanged(
    events: EventEnvelope<typeof spaceChanged>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.spaces.saveVoice(trx, spaceId, data.voice);
  }
}
