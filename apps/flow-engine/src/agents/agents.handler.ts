import { Controller } from '@nestjs/common';
import {
  createAgent,
  cursorOf,
  deleteAgent,
  getAgent,
  listAgents,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  updateAgent,
} from '@parley/contracts';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { type TargetUser, TargetUsers } from '../references/target-users.service.ts';
import { AgentsRepository } from './agents.repository.ts';
import { AgentsService, toAgent } from './agents.service.ts';

type Context = OperationContext<Tables>;

@Controller()
export class AgentsHandler {
  constructor(
    private readonly service: AgentsService,
    private readonly agents: AgentsRepository,
    private readonly users: TargetUsers,
  ) {}

  @HandleOperation(createAgent)
  async create(
    input: OperationInput<typeof createAgent>,
    context: Context,
  ): Promise<OperationOutput<typeof createAgent>> {
    return this.service.create(context.trx, input);
  }

  @HandleOperation(updateAgent)
  async update(
    input: OperationInput<typeof updateAgent>,
    context: Context,
  ): Promise<OperationOutput<typeof updateAgent>> {
    return this.service.update(context.trx, input, (current) => context.requireMatch(current));
  }

  /** Who needs the agent outside of this service is asked before the transaction. */
  @BeforeOperation(deleteAgent)
  async channelsOf({ spaceId, agentId }: OperationInput<typeof deleteAgent>): Promise<TargetUser[]> {
    return this.users.channelsOf(spaceId, { agentId });
  }

  @HandleOperation(deleteAgent)
  async delete(
    input: OperationInput<typeof deleteAgent>,
    context: OperationContext<Tables, TargetUser[]>,
  ): Promise<OperationOutput<typeof deleteAgent>> {
    const { spaceId, agentId } = input;
    await this.service.delete(context.trx, { spaceId, agentId, channels: context.before });
    return {};
  }

  @HandleOperation(getAgent)
  async get(
    input: OperationInput<typeof getAgent>,
    context: Context,
  ): Promise<OperationOutput<typeof getAgent>> {
    const row = await this.agents.find(context.trx, input.spaceId, input.agentId);
    if (!row) throw notFound('The agent');
    return toAgent(row);
  }

  @HandleOperation(listAgents)
  async list(
    input: OperationInput<typeof listAgents>,
    context: Context,
  ): Promise<OperationOutput<typeof listAgents>> {
    const { limit } = input;
    const page = { limit, before: cursorOf(input.cursor) };
    return pageOf(await this.agents.list(context.trx, input.spaceId, page), limit, toAgent);
  }
}
