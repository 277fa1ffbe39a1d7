import { Injectable } from '@nestjs/common';
import { anyOfTexts } from '@parley/database';
import type { AssetRow } from '../assets/asset.table.ts';
import type { AssetTrx } from '../database.ts';

@Injectable()
export class SharesRepository {
  /** Files of the space among these, none of which goes meanwhile. */
  async holdAll(trx: AssetTrx, spaceId: string, assetIds: readonly string[]): Promise<AssetRow[]> {
    return trx
      .selectFrom('asset')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', anyOfTexts(assetIds))
      .orderBy('id')
      .forShare()
      .execute();
  }

  async share(
    trx: AssetTrx,
    spaceId: string,
    conversationId: string,
    assetIds: readonly string[],
  ): Promise<void> {
    if (assetIds.length === 0) return;
    await trx
      .insertInto('share')
      .values(assetIds.map((id) => ({ space_id: spaceId, asset_id: id, conversation_id: conversationId })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async isShared(
    trx: AssetTrx,
    spaceId: string,
    assetId: string,
    conversationIds: readonly string[],
  ): Promise<boolean> {
    const found = await trx
      .selectFrom('share')
      .select('asset_id')
      .where('space_id', '=', spaceId)
      .where('asset_id', '=', assetId)
      .where('conversation_id', '=', anyOfTexts(conversationIds))
      .limit(1)
      .executeTakeFirst();
    return found !== undefined;
  }
}
