import { Controller } from '@nestjs/common';
import {
  admitFlowSession,
  createSessionUrl,
  getSessionUrl,
  type OperationInput,
  type OperationOutput,
} from '@parley/contracts';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { FlowSessionsService } from './flow-sessions.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

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

  @BeforeOperation(admitFlowSession)
  async beforeAdmit(input: OperationInput<typeof admitFlowSession>): Promise<string | null> {
    return this.sessions.demoChannelFor(input);
  }

  @HandleOperation(admitFlowSession)
  async admit(
    input: OperationInput<typeof admitFlowSession>,
    { trx, before: demoChannelId }: Context<string | null>,
  ): Promise<OperationOutput<typeof admitFlowSession>> {
    return this.sessions.admit(trx, input, demoChannelId);
  }
}
