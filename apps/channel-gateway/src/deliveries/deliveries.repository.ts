import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ChannelTrx, DeliveryRow } from '../database.ts';

@Injectable()
export class DeliveriesRepository {
  /** Inserts deliveries; those that stand already do not come back. */
  async insert(
    trx: ChannelTrx,
    rows: readonly Pick<
      DeliveryRow,
      | 'space_id'
      | 'id'
      | 'channel_id'
      | 'conversation_id'
      | 'message_id'
      | 'kind'
      | 'source_id'
      | 'to_address'
      | 'in_reply_to'
    >[],
  ): Promise<DeliveryRow[]> {
    if (rows.length === 0) return [];
    const { rows: inserted } = await sql<DeliveryRow>`
      INSERT INTO delivery (space_id, id, channel_id, conversation_id, message_id, kind, source_id, to_address, in_reply_to, status)
      SELECT *, 'pending' FROM unnest(
        ${rows.map((row) => row.space_id)}::text[], ${rows.map((row) => row.id)}::text[], ${rows.map((row) => row.channel_id)}::text[],
        ${rows.map((row) => row.conversation_id)}::text[], ${rows.map((row) => row.message_id)}::text[], ${rows.map((row) => row.kind)}::text[],
        ${rows.map((row) => row.source_id)}::text[], ${rows.map((row) => row.to_address)}::text[], ${rows.map((row) => row.in_reply_to)}::text[])
      ON CONFLICT DO NOTHING RETURNING *`.execute(trx);
    return inserted;
  }

  /** What messages answered, by their id, where they were delivered. */
  async inReplyTo(
    trx: ChannelTrx,
    messageIds: readonly string[],
  ): Promise<ReadonlyMap<string, string | null>> {
    const rows = await trx
      .selectFrom('delivery')
      .select(['message_id', 'in_reply_to'])
      .where('message_id', 'in', [...new Set(messageIds)])
      .where('kind', '=', 'message')
      .execute();
    return new Map(rows.map((row) => [row.message_id, row.in_reply_to]));
  }

  /** Writes that an attempt failed and another follows. */
  async noteFailure(
    trx: ChannelTrx,
    spaceId: string,
    id: string,
    failure: { attempts: number; reason: string; nextAttemptAt: Date },
  ): Promise<void> {
    const { attempts, reason, nextAttemptAt } = failure;
    await trx
      .updateTable('delivery')
      .set({ attempts, reason, next_attempt_at: nextAttemptAt, updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .execute();
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
      providerMessageId: string | null;
    }[],
  ): Promise<void> {
    await sql`
      UPDATE delivery SET status = given.status, reason = given.reason, attempts = given.attempts,
        provider_message_id = given.provider_message_id, next_attempt_at = NULL, updated_at = now()
      FROM unnest(
        ${ended.map((one) => one.spaceId)}::text[], ${ended.map((one) => one.deliveryId)}::text[], ${ended.map((one) => one.status)}::text[],
        ${ended.map((one) => one.reason)}::text[], ${ended.map((one) => one.attempts)}::int[], ${ended.map((one) => one.providerMessageId)}::text[]
      ) AS given (space_id, id, status, reason, attempts, provider_message_id)
      WHERE delivery.space_id = given.space_id AND delivery.id = given.id`.execute(trx);
  }

  async lock(
    trx: ChannelTrx,
    { spaceId, channelId, deliveryId }: { spaceId: string; channelId: string; deliveryId: string },
  ): Promise<DeliveryRow | undefined> {
    return trx
      .selectFrom('delivery')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('channel_id', '=', channelId)
      .where('id', '=', deliveryId)
      .forUpdate()
      .executeTakeFirst();
  }

  /** Puts a delivery back to its beginning. */
  async reset(trx: ChannelTrx, row: DeliveryRow): Promise<DeliveryRow> {
    return trx
      .updateTable('delivery')
      .set({ status: 'pending', attempts: 0, reason: null, next_attempt_at: null, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** Forgets where the contact of a conversation was reached, and ends what was still to be delivered there, with the reason. */
  async forgetContact(
    trx: ChannelTrx,
    { spaceId, conversationId }: { spaceId: string; conversationId: string },
    reason: string,
  ): Promise<string[]> {
    const ended = await trx
      .updateTable('delivery')
      .set({ status: 'failed', reason, next_attempt_at: null })
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .where('to_address', 'is not', null)
      .where('status', '=', 'pending')
      .returning('id')
      .execute();
    await trx
      .updateTable('delivery')
      .set({ to_address: null })
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .where('to_address', 'is not', null)
      .execute();
    return ended.map(({ id }) => id);
  }

  async list(
    trx: ChannelTrx,
    filter: {
      spaceId: string;
      channelId: string;
      limit: number;
      before: string | null;
      status?: DeliveryRow['status'] | undefined;
    },
  ): Promise<DeliveryRow[]> {
    let query = trx
      .selectFrom('delivery')
      .selectAll()
      .where('space_id', '=', filter.spaceId)
      .where('channel_id', '=', filter.channelId);
    if (filter.before) query = query.where('id', '<', filter.before);
    if (filter.status) query = query.where('status', '=', filter.status);
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
      SELECT max(updated_at) FILTER (WHERE status IN ('sent', 'delivered', 'read')) AS last, count(*) FILTER (WHERE status = 'pending')::int AS pending,
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
