import { Controller } from '@nestjs/common';
import { getRetention, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { RetentionRepository } from './retention.repository.ts';

const DAY_MS = 86_400_000;

@Controller()
export class RetentionHandler {
  constructor(private readonly retention: RetentionRepository) {}

  @HandleOperation(getRetention)
  async get(
    { spaceId }: OperationInput<typeof getRetention>,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof getRetention>> {
    const { days, assets, bytes, oldestAt } = await this.retention.holdings(trx, spaceId);
    const next =
      days === null || oldestAt === null ? null : new Date(oldestAt.getTime() + days * DAY_MS).toISOString();
    return {
      retentionDays: days,
      assets,
      bytes,
      oldestAt: oldestAt?.toISOString() ?? null,
      nextDeletionAt: next,
    };
  }
}
