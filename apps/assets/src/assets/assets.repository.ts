import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { AssetTrx } from '../database.ts';
import type { AssetChange, AssetRow, NewAssetRow } from './asset.table.ts';

/** What a list of files is narrowed to. */
export interface AssetFilter {
  limit: number;
  before: string | null;
  /** `root`: those in no folder. */
  folderId: string | undefined;
  conversationId: string | undefined;
  status: AssetRow['status'] | undefined;
  /** Without what visitors are not shown. */
  forVisitor: boolean;
  /** Conversations whose files are left out. */
  hidden: readonly string[];
}

@Injectable()
export class AssetsRepository {
  async insert(trx: AssetTrx, row: NewAssetRow): Promise<AssetRow> {
    return trx.insertInto('asset').values(row).returningAll().executeTakeFirstOrThrow();
  }

  async find(trx: AssetTrx, spaceId: string, id: string): Promise<AssetRow | undefined> {
    return trx
      .selectFrom('asset')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async lock(trx: AssetTrx, spaceId: string, id: string): Promise<AssetRow | undefined> {
    return trx
      .selectFrom('asset')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  async list(trx: AssetTrx, spaceId: string, filter: AssetFilter): Promise<AssetRow[]> {
    const { limit, before, folderId, conversationId, status, forVisitor, hidden } = filter;
    let query = trx.selectFrom('asset').selectAll().where('space_id', '=', spaceId);
    if (before) query = query.where('id', '<', before);
    if (folderId === 'root') query = query.where('folder_id', 'is', null);
    else if (folderId) query = query.where('folder_id', '=', folderId);
    if (conversationId)
      query = query.where(({ or, eb, exists, selectFrom }) =>
        or([
          eb('conversation_id', '=', conversationId),
          exists(
            selectFrom('share')
              .select('share.asset_id')
              .whereRef('share.space_id', '=', 'asset.space_id')
              .whereRef('share.asset_id', '=', 'asset.id')
              .where('share.conversation_id', '=', conversationId),
          ),
        ]),
      );
    if (status) query = query.where('status', '=', status);
    if (forVisitor) query = query.where('internal', '=', false);
    if (hidden.length > 0)
      query = query.where(
        sql<boolean>`(conversation_id IS NULL OR conversation_id <> ALL (${[...hidden]}::text[]))`,
      );
    return query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
  }

  async update(trx: AssetTrx, row: AssetRow, change: AssetChange): Promise<AssetRow> {
    return trx
      .updateTable('asset')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async delete(trx: AssetTrx, spaceId: string, id: string): Promise<AssetRow | undefined> {
    return trx
      .deleteFrom('asset')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
  }

  /** Takes the right to check what was sent; undefined while another has it, or when there is nothing to check. */
  async claim(
    trx: AssetTrx,
    place: { spaceId: string; assetId: string },
    check: { token: string; ms: number },
  ): Promise<AssetRow | undefined> {
    return trx
      .updateTable('asset')
      .set({
        check_token: check.token,
        checking_until: sql<Date>`now() + ${check.ms} * interval '1 millisecond'`,
      })
      .where('space_id', '=', place.spaceId)
      .where('id', '=', place.assetId)
      .where('status', '=', 'pending')
      .where(({ or, eb }) =>
        or([eb('checking_until', 'is', null), eb('checking_until', '<', sql<Date>`now()`)]),
      )
      .returningAll()
      .executeTakeFirst();
  }

  async release(trx: AssetTrx, place: { spaceId: string; assetId: string }, token: string): Promise<void> {
    await trx
      .updateTable('asset')
      .set({ check_token: null, checking_until: null })
      .where('space_id', '=', place.spaceId)
      .where('id', '=', place.assetId)
      .where('check_token', '=', token)
      .execute();
  }

  async countPending(trx: AssetTrx, spaceId: string, conversationId: string): Promise<number> {
    const { count } = await trx
      .selectFrom('asset')
      .select(sql<number>`count(*)::int`.as('count'))
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .where('status', '=', 'pending')
      .executeTakeFirstOrThrow();
    return count;
  }
}
