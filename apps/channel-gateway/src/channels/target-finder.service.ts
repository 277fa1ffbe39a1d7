import { Injectable } from '@nestjs/common';
import { getAgent, getFlow, TargetSchema } from '@parley/contracts';
import { Database } from '@parley/database';
import { findReferenced, OperationClient } from '@parley/messaging';
import type { ChannelTarget, Tables, TargetTable } from '../database.ts';
import { ChannelsRepository } from './channels.repository.ts';

/** Looks up targets outside transactions: where no event has told of one yet, its owner is asked. */
@Injectable()
export class TargetFinder {
  constructor(
    private readonly database: Database<Tables>,
    private readonly channels: ChannelsRepository,
    private readonly operations: OperationClient,
  ) {}

  /**
   * A target that is not known here, as the flow engine knows it; null where it is known here, or nowhere.
   * @param given what a request names; anything that is no target is left to the request's own checks
   * @throws ProblemError 503 when the flow engine does not answer
   */
  async find(spaceId: string, given: unknown): Promise<TargetTable | null> {
    const target = TargetSchema.safeParse(given).data;
    if (!target) return null;
    const id = targetId(target);
    const known = await this.database.withSpaces([spaceId], (trx) =>
      this.channels.findTarget(trx, spaceId, id),
    );
    if (known?.usable) return null;
    return 'agentId' in target ? this.askAgent(spaceId, id) : this.askFlow(spaceId, id);
  }

  private async askAgent(spaceId: string, agentId: string): Promise<TargetTable | null> {
    const options = { service: 'channel-gateway', spaceId };
    const agent = await findReferenced(this.operations, getAgent, { spaceId, agentId }, options);
    if (!agent) return null;
    const { name, defaultFlowId } = agent;
    return {
      space_id: spaceId,
      id: agentId,
      name,
      usable: true,
      deleted: false,
      default_flow_id: defaultFlowId,
    };
  }

  private async askFlow(spaceId: string, flowId: string): Promise<TargetTable | null> {
    const options = { service: 'channel-gateway', spaceId };
    const flow = await findReferenced(this.operations, getFlow, { spaceId, flowId }, options);
    if (flow === null || flow.publishedVersion === null) return null;
    return {
      space_id: spaceId,
      id: flowId,
      name: flow.name,
      usable: true,
      deleted: false,
      default_flow_id: null,
    };
  }
}

export function targetId(target: ChannelTarget): string {
  return 'agentId' in target ? target.agentId : target.flowId;
}
