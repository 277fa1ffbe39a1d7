import { Controller } from '@nestjs/common';
import { listTargetingChannels, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { ChannelsRepository } from './channels.repository.ts';

/** How many channels are named. */
const NAMED = 20;

/** Tells the owner of agents and flows which channels use them. */
@Controller()
export class TargetsHandler {
  constructor(private readonly channels: ChannelsRepository) {}

  @HandleOperation(listTargetingChannels)
  async list(
    { spaceId, target }: OperationInput<typeof listTargetingChannels>,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof listTargetingChannels>> {
    const rows = await this.channels.listOfTarget(trx, spaceId, target);
    const channels = rows.slice(0, NAMED).map((row) => ({
      id: row.id,
      name: row.channel_name,
      status: row.status,
    }));
    return { channels, total: rows.length };
  }
}
