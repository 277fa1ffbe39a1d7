import { Controller } from '@nestjs/common';
import { channelStatusChanged, type EventEnvelope } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { ChannelsRepository } from './channels.repository.ts';

/** Keeps what a call needs of its channel: whether it is active, and what becomes of conversations after a call. */
@Controller()
export class ChannelsConsumer {
  constructor(private readonly channels: ChannelsRepository) {}

  @OnEvent(channelStatusChanged, { consumer: 'channels' })
  async onStatus(
    events: EventEnvelope<typeof channelStatusChanged>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) {
      await this.channels.save(trx, {
        space_id: spaceId,
        id: data.channelId,
        deployment_type: data.deploymentType,
        status: data.status,
        identifier: data.channelIdentifier ?? null,
        after_call: data.afterCall ?? null,
        recording_enabled: data.recordingEnabled ?? null,
      });
    }
  }
}
