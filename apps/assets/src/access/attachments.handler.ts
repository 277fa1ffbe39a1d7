import { Controller } from '@nestjs/common';
import {
  attachAssets,
  findVisibleAssets,
  type OperationInput,
  type OperationOutput,
  ProblemError,
} from '@parley/contracts';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import { AssetsRepository } from '../assets/assets.repository.ts';
import { toAsset } from '../assets/shapes.ts';
import type { Tables } from '../database.ts';
import { AccessService } from './access.service.ts';
import { SharesRepository } from './shares.repository.ts';

/** Files that messages name. */
@Controller()
export class AttachmentsHandler {
  constructor(
    private readonly shares: SharesRepository,
    private readonly repository: AssetsRepository,
    private readonly access: AccessService,
  ) {}

  /** Conversation is asked before the transaction. */
  @BeforeOperation(findVisibleAssets)
  async beforeFindVisible(input: OperationInput<typeof findVisibleAssets>): Promise<string[]> {
    return this.visibleOf(input);
  }

  @HandleOperation(findVisibleAssets)
  async findVisible(
    { spaceId }: OperationInput<typeof findVisibleAssets>,
    { trx, before }: OperationContext<Tables, string[]>,
  ): Promise<OperationOutput<typeof findVisibleAssets>> {
    const rows = await Promise.all(before.map((id) => this.repository.find(trx, spaceId, id)));
    return { assets: rows.flatMap((row) => (row ? [toAsset(row)] : [])) };
  }

  @BeforeOperation(attachAssets)
  async beforeAttach(input: OperationInput<typeof attachAssets>): Promise<string[]> {
    return this.visibleOf(input);
  }

  @HandleOperation(attachAssets)
  async attach(
    { spaceId, conversationId, shown }: OperationInput<typeof attachAssets>,
    { trx, before: visible }: OperationContext<Tables, string[]>,
  ): Promise<OperationOutput<typeof attachAssets>> {
    const rows = await this.shares.holdAll(trx, spaceId, visible);
    const seen = rows.filter((row) => row.status === 'ready' && !row.internal);
    if (shown)
      await this.shares.share(
        trx,
        spaceId,
        conversationId,
        seen.map(({ id }) => id),
      );
    return { assets: rows.map(toAsset) };
  }

  private async visibleOf({
    spaceId,
    principal,
    assetIds,
  }: Pick<OperationInput<typeof attachAssets>, 'spaceId' | 'principal' | 'assetIds'>): Promise<string[]> {
    const visible = assetIds.map(async (assetId) => {
      try {
        await this.access.requireSeen(principal, spaceId, assetId);
        return [assetId];
      } catch (error) {
        if (error instanceof ProblemError && error.status === 404) return [];
        throw error;
      }
    });
    return (await Promise.all(visible)).flat();
  }
}
