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
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { AgentsRepository } from './agents.repository.ts';
import { AgentsService, toAgent } from './agents.service.ts';

type Context = OperationContext<Tables>;

@Controller()
export class AgentsHandler {
  constructor(
    private readonly service: AgentsService,
    private readonly agents: AgentsRepository,
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

  @HandleOperation(deleteAgent)
  async delete(
    input: OperationInput<typeof deleteAgent>,
    context: Context,
  ): Promise<OperationOutput<typeof deleteAgent>> {
    await this.service.delete(context.trx, input.spaceId, input.agentId);
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
