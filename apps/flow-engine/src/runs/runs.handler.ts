import { Controller } from '@nestjs/common';
import {
  cursorOf,
  getRun,
  listRuns,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  RunSchema,
} from '@parley/contracts';
import {
  type BeforeContext,
  BeforeOperation,
  HandleOperation,
  type OperationContext,
} from '@parley/messaging';
import type { z } from 'zod';
import type { Tables } from '../database.ts';
import type { RunRow, RunStepRow } from './run.table.ts';
import { PrivacyService } from './privacy.service.ts';
import { RunsRepository } from './runs.repository.ts';

type Run = z.infer<typeof RunSchema>;

function toRun(row: RunRow, steps: readonly RunStepRow[]): Run {
  return {
    id: row.id,
    flowId: row.flow_id,
    agentId: row.agent_id,
    versionNumber: row.version_number,
    conversationId: row.conversation_id,
    status: row.status,
    variables: row.variables as Run['variables'],
    steps: steps.filter((step) => step.run_id === row.id).map(toStep),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function toStep(step: RunStepRow): Run['steps'][number] {
  return {
    no: step.no,
    stepId: step.step_id,
    type: step.type,
    input: step.input as Run['steps'][number]['input'],
    output: step.output as Run['steps'][number]['output'],
    startedAt: step.started_at.toISOString(),
    durationMs: step.duration_ms,
    cost: step.cost,
  };
}

@Controller()
export class RunsHandler {
  constructor(
    private readonly runs: RunsRepository,
    private readonly privacy: PrivacyService,
  ) {}

  @BeforeOperation(listRuns)
  async beforeList(
    { spaceId }: OperationInput<typeof listRuns>,
    { principal }: BeforeContext,
  ): Promise<string[]> {
    return this.privacy.hiddenFrom(principal, spaceId);
  }

  @HandleOperation(listRuns)
  async list(
    input: OperationInput<typeof listRuns>,
    context: OperationContext<Tables, string[]>,
  ): Promise<OperationOutput<typeof listRuns>> {
    const { limit } = input;
    const page = { limit, before: cursorOf(input.cursor) };
    const rows = await this.runs.list(context.trx, { ...input, hidden: context.before }, page);
    const steps = await this.runs.steps(
      context.trx,
      input.spaceId,
      rows.map(({ id }) => id),
    );
    return pageOf(rows, limit, (row) => toRun(row, steps));
  }

  @BeforeOperation(getRun)
  async beforeGet(
    { spaceId }: OperationInput<typeof getRun>,
    { principal }: BeforeContext,
  ): Promise<string[]> {
    return this.privacy.hiddenFrom(principal, spaceId);
  }

  @HandleOperation(getRun)
  async get(
    input: OperationInput<typeof getRun>,
    context: OperationContext<Tables, string[]>,
  ): Promise<OperationOutput<typeof getRun>> {
    const row = await this.runs.find(context.trx, input.spaceId, input.runId);
    if (!row || context.before.includes(row.conversation_id)) throw notFound('The run');
    return toRun(row, await this.runs.steps(context.trx, input.spaceId, [row.id]));
  }
}
