import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type { ChannelTrx, DeliveryRow, DeliveryTable } from '../database.ts';

@Injectable()
export class DeliveriesRepository {
  /** Inserts deliveries; a message has one, so those that stand already do not come back. */
  async insert(trx: ChannelTrx, rows: readonly Insertable<DeliveryTable>[]): Promise<DeliveryRow[]> {
    if (rows.length === 0) return [];
    return trx
      .insertInto('delivery')
      .values([...rows])
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .execute();
  }

  async settle(
    trx: ChannelTrx,
    where: { spaceId: string; id: string },
    change: { status: DeliveryRow['status']; reason: string | null; attempts: number },
  ): Promise<void> {
    await trx
      .updateTable('delivery')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', where.spaceId)
      .where('id', '=', where.id)
      .execute();
  }

  async list(
    trx: ChannelTrx,
    filter: { spaceId: string; channelId: string; limit: number; before: string | null },
  ): Promise<DeliveryRow[]> {
    let query = trx
      .selectFrom('delivery')
      .selectAll()
      .where('space_id', '=', filter.spaceId)
      .where('channel_id', '=', filter.channelId);
    if (filter.before) query = query.where('id', '<', filter.before);
    return query
      .orderBy('id', 'desc')
      .limit(filter.limit + 1)
      .execute();
  }

  async summary(
    trx: ChannelTrx,
    spaceId: string,
    channelId: string,
  ): Promise<{ lastDeliveredAt: string | null; pendingDeliveries: number; failedDeliveries: number }> {
    const { rows } = await sql<{ last: Date | null; pending: number; failed: number }>`
      SELECT max(updated_at) FILTER (WHERE status = 'sent') AS last, count(*) FILTER (WHERE status = 'pending')::int AS pending,
        count(*) FILTER (WHERE status = 'failed')::int AS failed
      FROM delivery WHERE space_id = ${spaceId} AND channel_id = ${channelId}`.execute(trx);
    const [row] = rows;
    return {
      lastDeliveredAt: row?.last?.toISOString() ?? null,
      pendingDeliveries: row?.pending ?? 0,
      failedDeliveries: row?.failed ?? 0,
    };
  }
}
