import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { AssetRow } from '../assets/asset.table.ts';
import type { AssetTrx } from '../database.ts';

/** What a space keeps at the moment. */
export interface Holdings {
  days: number | null;
  assets: number;
  bytes: number;
  oldestAt: Date | null;
}

/** An upload that nobody has completed. */
export interface StaleUpload {
  spaceId: string;
  id: string;
  inParts: boolean;
}

@Injectable()
export class RetentionRepository {
  async save(trx: AssetTrx, spaceId: string, days: number | null): Promise<void> {
    await trx
      .insertInto('retention')
      .values({ space_id: spaceId, days })
      .onConflict((conflict) => conflict.column('space_id').doUpdateSet({ days }))
      .execute();
  }

  async holdings(trx: AssetTrx, spaceId: string): Promise<Holdings> {
    const { rows } = await sql<Holdings>`
      SELECT (SELECT days FROM retention WHERE space_id = ${spaceId}) AS days, count(*)::int AS assets,
        coalesce(sum(size), 0)::bigint AS bytes, min(created_at) AS "oldestAt"
      FROM asset WHERE space_id = ${spaceId} AND status <> 'pending'`.execute(trx);
    return rows[0] ?? { days: null, assets: 0, bytes: 0, oldestAt: null };
  }

  /** Spaces with files whose time is over. */
  async spacesWithOld(trx: AssetTrx): Promise<string[]> {
    const { rows } = await sql<{ space_id: string }>`SELECT space_id FROM spaces_with_old_assets()`.execute(
      trx,
    );
    return rows.map((row) => row.space_id);
  }

  /** Deletes the oldest files whose time is over, as many as the limit. */
  async deleteOld(trx: AssetTrx, spaceId: string, limit: number): Promise<AssetRow[]> {
    const { rows } = await sql<AssetRow>`
      DELETE FROM asset WHERE space_id = ${spaceId} AND id IN (
        SELECT a.id FROM asset a JOIN retention r ON r.space_id = a.space_id
        WHERE a.space_id = ${spaceId} AND a.created_at < now() - r.days * interval '1 day'
        ORDER BY a.created_at LIMIT ${limit} FOR UPDATE OF a SKIP LOCKED)
      RETURNING *`.execute(trx);
    return rows;
  }

  /** Deletes the files of a conversation, save those that were sent to another one, too: they belong to that from now on. */
  async deleteOfConversation(trx: AssetTrx, spaceId: string, conversationId: string): Promise<AssetRow[]> {
    await sql`DELETE FROM share WHERE space_id = ${spaceId} AND conversation_id = ${conversationId}`.execute(
      trx,
    );
    await sql`
      UPDATE asset SET updated_at = now(), conversation_id = (
        SELECT min(s.conversation_id) FROM share s WHERE s.space_id = asset.space_id AND s.asset_id = asset.id)
      WHERE space_id = ${spaceId} AND conversation_id = ${conversationId} AND EXISTS (
        SELECT FROM share s WHERE s.space_id = asset.space_id AND s.asset_id = asset.id)`.execute(trx);
    return trx
      .deleteFrom('asset')
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .returningAll()
      .execute();
  }

  async stale(trx: AssetTrx, before: Date): Promise<StaleUpload[]> {
    const { rows } = await sql<StaleUpload>`
      SELECT space_id AS "spaceId", id, in_parts AS "inParts" FROM stale_uploads(${before})`.execute(trx);
    return rows;
  }

  /** Deletes an upload that is still not completed. */
  async deleteStale(trx: AssetTrx, upload: StaleUpload): Promise<AssetRow | undefined> {
    return trx
      .deleteFrom('asset')
      .where('space_id', '=', upload.spaceId)
      .where('id', '=', upload.id)
      .where('status', '=', 'pending')
      .returningAll()
      .executeTakeFirst();
  }
}
