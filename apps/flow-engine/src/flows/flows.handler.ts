import { Controller } from '@nestjs/common';
import {
  invalidCursor,
  createFlow,
  cursorOf,
  deleteFlow,
  getFlow,
  listFlows,
  listFlowVersions,
  listStepTypes,
  MAX_INTEGER,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  publishFlow,
  rollBackFlow,
  saveDraft,
  updateFlow,
  validateFlow,
} from '@parley/contracts';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import { z } from 'zod';
import type { Tables } from '../database.ts';
import { type TargetUser, TargetUsers } from '../references/target-users.service.ts';
import { stepTypes } from '../steps/index.ts';
import { FlowsRepository } from './flows.repository.ts';
import { FlowsService, toFlow, toVersion } from './flows.service.ts';

type Context = OperationContext<Tables>;

/** The largest number that a version can have. */
const LARGEST_NUMBER = MAX_INTEGER;

@Controller()
export class FlowsHandler {
  constructor(
    private readonly service: FlowsService,
    private readonly flows: FlowsRepository,
    private readonly users: TargetUsers,
  ) {}

  @HandleOperation(createFlow)
  async create(
    input: OperationInput<typeof createFlow>,
    context: Context,
  ): Promise<OperationOutput<typeof createFlow>> {
    return this.service.create(context.trx, input);
  }

  @HandleOperation(updateFlow)
  async update(
    input: OperationInput<typeof updateFlow>,
    context: Context,
  ): Promise<OperationOutput<typeof updateFlow>> {
    return this.service.update(context.trx, input, (current) => context.requireMatch(current));
  }

  @HandleOperation(saveDraft)
  async saveDraft(
    input: OperationInput<typeof saveDraft>,
    context: Context,
  ): Promise<OperationOutput<typeof saveDraft>> {
    return this.service.saveDraft(context.trx, input, (current) => context.requireMatch(current));
  }

  /** Who needs the flow outside of this service is asked before the transaction. */
  @BeforeOperation(deleteFlow)
  async channelsOf({ spaceId, flowId }: OperationInput<typeof deleteFlow>): Promise<TargetUser[]> {
    return this.users.channelsOf(spaceId, { flowId });
  }

  @HandleOperation(deleteFlow)
  async delete(
    { spaceId, flowId }: OperationInput<typeof deleteFlow>,
    { trx, before: channels }: OperationContext<Tables, TargetUser[]>,
  ): Promise<OperationOutput<typeof deleteFlow>> {
    await this.service.delete(trx, { spaceId, flowId, channels });
    return {};
  }

  @HandleOperation(publishFlow)
  async publish(
    input: OperationInput<typeof publishFlow>,
    context: Context,
  ): Promise<OperationOutput<typeof publishFlow>> {
    return this.service.publish(context.trx, input.spaceId, input.flowId);
  }

  @HandleOperation(rollBackFlow)
  async rollBack(
    input: OperationInput<typeof rollBackFlow>,
    context: Context,
  ): Promise<OperationOutput<typeof rollBackFlow>> {
    return this.service.rollBack(context.trx, input);
  }

  @HandleOperation(validateFlow)
  async validate(
    input: OperationInput<typeof validateFlow>,
    context: Context,
  ): Promise<OperationOutput<typeof validateFlow>> {
    const row = await this.flows.find(context.trx, input.spaceId, input.flowId);
    if (!row) throw notFound('The flow');
    const graph = input.draft ?? row.draft;
    const errors = graph
      ? await this.service.problemsOf(context.trx, input.spaceId, graph)
      : [{ pointer: '/draft', detail: 'is missing: PUT a draft' }];
    return { valid: errors.length === 0, errors };
  }

  @HandleOperation(getFlow)
  async get(
    input: OperationInput<typeof getFlow>,
    context: Context,
  ): Promise<OperationOutput<typeof getFlow>> {
    const row = await this.flows.find(context.trx, input.spaceId, input.flowId);
    if (!row) throw notFound('The flow');
    return toFlow(row);
  }

  @HandleOperation(listFlows)
  async list(
    input: OperationInput<typeof listFlows>,
    context: Context,
  ): Promise<OperationOutput<typeof listFlows>> {
    const { limit, generated = false } = input;
    const page = { limit, generated, before: cursorOf(input.cursor) };
    return pageOf(await this.flows.list(context.trx, input.spaceId, page), limit, toFlow);
  }

  @HandleOperation(listFlowVersions)
  async versions(
    input: OperationInput<typeof listFlowVersions>,
    context: Context,
  ): Promise<OperationOutput<typeof listFlowVersions>> {
    const row = await this.flows.find(context.trx, input.spaceId, input.flowId);
    if (!row) throw notFound('The flow');
    const below = input.cursor === undefined ? null : Number(input.cursor);
    if (below !== null && !(Number.isInteger(below) && below > 0 && below <= LARGEST_NUMBER))
      throw invalidCursor();
    const rows = await this.flows.listVersions(context.trx, row, { limit: input.limit, below });
    const shown = rows.slice(0, input.limit);
    return {
      data: shown.map(toVersion),
      nextCursor: rows.length > input.limit ? String(shown.at(-1)?.number) : null,
    };
  }

  @HandleOperation(listStepTypes)
  async stepTypes(
    _input: OperationInput<typeof listStepTypes>,
  ): Promise<OperationOutput<typeof listStepTypes>> {
    return {
      data: stepTypes().map(({ type, title, summary, outcomes, settings }) => ({
        type,
        title,
        summary,
        outcomes: [...outcomes],
        settingsSchema: JSON.parse(JSON.stringify(z.toJSONSchema(settings, { io: 'input' }))),
      })),
    };
  }
}
