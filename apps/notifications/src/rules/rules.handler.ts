import { Controller } from '@nestjs/common';
import {
  createRule,
  cursorOf,
  deleteRule,
  listRules,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  updateRule,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { RuleRow, Tables } from '../database.ts';
import { RulesRepository } from './rules.repository.ts';

type Context = OperationContext<Tables>;
type Rule = OperationOutput<typeof createRule>;

function toRule(row: RuleRow): Rule {
  return {
    id: row.id,
    name: row.name,
    event: row.event,
    media: row.media,
    roles: row.roles,
    enabled: row.enabled,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Rule['metadata'],
  };
}

@Controller()
export class RulesHandler {
  constructor(private readonly rules: RulesRepository) {}

  @HandleOperation(createRule)
  async create(input: OperationInput<typeof createRule>, { trx }: Context): Promise<Rule> {
    const { spaceId, name, event, media, roles, enabled, metadata } = input;
    const row = await this.rules.insert(trx, {
      space_id: spaceId,
      id: newId('rule'),
      name,
      event,
      media: JSON.stringify(media),
      roles: JSON.stringify(roles),
      enabled,
      metadata: JSON.stringify(metadata ?? {}),
    });
    return toRule(row);
  }

  @HandleOperation(listRules)
  async list(
    input: OperationInput<typeof listRules>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listRules>> {
    const rows = await this.rules.list(trx, input.spaceId, {
      limit: input.limit,
      before: cursorOf(input.cursor),
    });
    return pageOf(rows, input.limit, toRule);
  }

  @HandleOperation(updateRule)
  async update(input: OperationInput<typeof updateRule>, { trx }: Context): Promise<Rule> {
    const { spaceId, ruleId, media, roles, metadata, ...plain } = input;
    const row = await this.rules.update(
      trx,
      { spaceId, id: ruleId },
      {
        ...plain,
        ...(media ? { media: JSON.stringify(media) } : {}),
        ...(roles ? { roles: JSON.stringify(roles) } : {}),
        ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
      },
    );
    if (!row) throw notFound('The rule');
    return toRule(row);
  }

  @HandleOperation(deleteRule)
  async delete(
    input: OperationInput<typeof deleteRule>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof deleteRule>> {
    if (!(await this.rules.delete(trx, input.spaceId, input.ruleId))) throw notFound('The rule');
    return {};
  }
}
