import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type { ChannelTrx, DeliveryRow, DeliveryTable } from '../database.ts';

@Injectable()
export class DeliveriesRepository {
  /** Inserts deliveries; a message has one, so those that stand already do not come back. */
  async insert(
    trx: ChannelTrx,
    rows: readonly Omit<Insertable<DeliveryTable>, 'attempts' | 'reason'>[],
  ): Promise<DeliveryRow[]> {
    if (rows.length === 0) return [];
    const { rows: inserted } = await sql<DeliveryRow>`
      INSERT INTO delivery (space_id, id, channel_id, conversation_id, message_id, status)
      SELECT * FROM unnest(
        ${rows.map((row) => row.space_id)}::text[], ${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.channel_id)}::text[],
        ${rows.map((row) => row.conversation_id)}::text[], ${rows.map((row) => row.message_id)}::text[], ${rows.map((row) => row.status)}::text[])
      ON CONFLICT DO NOTHING RETURNING *`.execute(trx);
    return inserted;
  }

  /** Writes what became of many deliveries. */
  async settle(
    trx: ChannelTrx,
    ended: readonly {
      spaceId: string;
      deliveryId: string;
      status: DeliveryRow['status'];
      reason: string | null;
      attempts: number;
    }[],
  ): Promise<void> {
    await sql`
      UPDATE delivery SET status = given.status, reason = given.reason, attempts = given.attempts, updated_at = now()
      FROM unnest(
        ${ended.map((one) => one.spaceId)}::text[], ${ended.map((one) => one.deliveryId)}::text[], ${ended.map((one) => one.status)}::text[],
        ${ended.map((one) => one.reason)}::text[], ${ended.map((one) => one.attempts)}::int[]
      ) AS given (space_id, id, status, reason, attempts)
      WHERE delivery.space_id = given.space_id AND delivery.id = given.id`.execute(trx);
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
