import { Controller } from '@nestjs/common';
import {
  admitFlowSession,
  createSessionUrl,
  getSessionUrl,
  type OperationInput,
  type OperationOutput,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { FlowSessionsService } from './flow-sessions.service.ts';

type Context = OperationContext<Tables>;

@Controller()
export class FlowSessionsHandler {
  constructor(private readonly sessions: FlowSessionsService) {}

  @HandleOperation(getSessionUrl)
  async getUrl(
    { spaceId, channelId }: OperationInput<typeof getSessionUrl>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof getSessionUrl>> {
    return { url: await this.sessions.urlOf(trx, spaceId, channelId) };
  }

  @HandleOperation(createSessionUrl)
  async createUrl(
    { spaceId, channelId }: OperationInput<typeof createSessionUrl>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof createSessionUrl>> {
    return this.sessions.createUrl(trx, spaceId, channelId);
  }

  @HandleOperation(admitFlowSession)
  async admit(
    input: OperationInput<typeof admitFlowSession>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof admitFlowSession>> {
    return this.sessions.admit(trx, input);
  }
}
