import { Controller } from '@nestjs/common';
import { attachAssets, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { toAsset } from '../assets/shapes.ts';
import type { Tables } from '../database.ts';
import { SharesRepository } from './shares.repository.ts';

/** Files that messages name. */
@Controller()
export class AttachmentsHandler {
  constructor(private readonly shares: SharesRepository) {}

  @HandleOperation(attachAssets)
  async attach(
    { spaceId, assetIds, conversationId, shown }: OperationInput<typeof attachAssets>,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof attachAssets>> {
    const rows = await this.shares.holdAll(trx, spaceId, assetIds);
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
}
