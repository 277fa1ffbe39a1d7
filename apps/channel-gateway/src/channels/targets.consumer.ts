import { Controller } from '@nestjs/common';
import { agentChanged, type EventEnvelope, flowChanged } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { ChannelsRepository } from './channels.repository.ts';
import { ChannelsService } from './channels.service.ts';

/** Knows which agents and flows a channel can be connected to. */
@Controller()
export class TargetsConsumer {
  constructor(
    private readonly channels: ChannelsRepository,
    private readonly service: ChannelsService,
  ) {}

  @OnEvent(agentChanged, { consumer: 'targets' })
  async onAgent(events: EventEnvelope<typeof agentChanged>[], { trx }: EventContext<Tables>): Promise<void> {
    for (const { spaceId, data } of events) {
      const { runsAnother, isLost } = await this.channels.saveTarget(trx, {
        space_id: spaceId,
        id: data.agentId,
        name: data.name,
        usable: !data.deleted,
        deleted: data.deleted,
        default_flow_id: data.defaultFlowId,
      });
      if (runsAnother) await this.service.followAgent(trx, spaceId, data.agentId);
      if (isLost) await this.service.loseTarget(trx, spaceId, { agentId: data.agentId });
    }
  }

  @OnEvent(flowChanged, { consumer: 'targets' })
  async onFlow(events: EventEnvelope<typeof flowChanged>[], { trx }: EventContext<Tables>): Promise<void> {
    for (const { spaceId, data } of events) {
      const { isLost } = await this.channels.saveTarget(trx, {
        space_id: spaceId,
        id: data.flowId,
        name: data.name,
        usable: !data.deleted && data.publishedVersion !== null,
        deleted: data.deleted,
      });
      if (isLost) await this.service.loseTarget(trx, spaceId, { flowId: data.flowId });
    }
  }
}
