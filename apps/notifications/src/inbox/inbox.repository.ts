import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type {
  DeliveryRow,
  NewDeliveryRow,
  NewNotificationRow,
  NotificationRow,
  NotificationTrx,
  Page,
  RuleEvent,
} from '../database.ts';

@Injectable()
export class InboxRepository {
  async insert(trx: NotificationTrx, rows: readonly NewNotificationRow[]): Promise<NotificationRow[]> {
    if (rows.length === 0) return [];
    return (
      trx
        .insertInto('notification')
        .values([...rows])
        // An event notifies an account once.
        .onConflict((conflict) => conflict.columns(['space_id', 'account_id', 'source']).doNothing())
        .returningAll()
        .execute()
    );
  }

  /** Accounts that have an unread notification of this kind about the conversation. */
  async waiting(
    trx: NotificationTrx,
    where: { spaceId: string; conversationId: string; event: RuleEvent },
  ): Promise<ReadonlySet<string>> {
    const rows = await trx
      .selectFrom('notification')
      .select('account_id')
      .where('space_id', '=', where.spaceId)
      .where('conversation_id', '=', where.conversationId)
      .where('event', '=', where.event)
      .where('read_at', 'is', null)
      .where('created_at', '>', sql<Date>`now() - interval '1 hour'`)
      .execute();
    return new Set(rows.map(({ account_id }) => account_id));
  }

  /** What an account has of a conversation counts as read. */
  async markConversationRead(
    trx: NotificationTrx,
    where: { spaceId: string; conversationId: string; accountId: string },
  ): Promise<void> {
    await trx
      .updateTable('notification')
      .set({ read_at: new Date(), updated_at: new Date() })
      .where('space_id', '=', where.spaceId)
      .where('conversation_id', '=', where.conversationId)
      .where('account_id', '=', where.accountId)
      .where('read_at', 'is', null)
      .execute();
  }

  /** Removes what notifications say of a conversation whose contact was erased. */
  async erase(trx: NotificationTrx, spaceId: string, conversationId: string): Promise<void> {
    await trx
      .updateTable('notification')
      .set({ title: 'A contact was erased', body: '', updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .execute();
  }

  /** Removes the notifications about a conversation that was deleted. */
  async remove(trx: NotificationTrx, spaceId: string, conversationId: string): Promise<void> {
    await trx
      .deleteFrom('notification')
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .execute();
  }

  async list(
    trx: NotificationTrx,
    where: { spaceId: string; accountId: string; unread: boolean },
    page: Page,
  ): Promise<NotificationRow[]> {
    let query = trx
      .selectFrom('notification')
      .selectAll()
      .where('space_id', '=', where.spaceId)
      .where('account_id', '=', where.accountId)
      .where(sql<boolean>`media ? 'inbox'`);
    if (where.unread) query = query.where('read_at', 'is', null);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async markRead(
    trx: NotificationTrx,
    where: { spaceId: string; accountId: string; id: string },
  ): Promise<NotificationRow | undefined> {
    return trx
      .updateTable('notification')
      .set((set) => ({ read_at: set.fn.coalesce('read_at', set.val(new Date())), updated_at: new Date() }))
      .where('space_id', '=', where.spaceId)
      .where('account_id', '=', where.accountId)
      .where('id', '=', where.id)
      .returningAll()
      .executeTakeFirst();
  }

  async insertDeliveries(trx: NotificationTrx, rows: readonly NewDeliveryRow[]): Promise<void> {
    if (rows.length > 0)
      await trx
        .insertInto('delivery')
        .values([...rows])
        .execute();
  }

  async settleDelivery(
    trx: NotificationTrx,
    where: { spaceId: string; id: string },
    change: { status: 'delivered' | 'failed'; reason: string | null },
  ): Promise<void> {
    await trx
      .updateTable('delivery')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', where.spaceId)
      .where('id', '=', where.id)
      .execute();
  }

  async listDeliveries(trx: NotificationTrx, spaceId: string, page: Page): Promise<DeliveryRow[]> {
    let query = trx.selectFrom('delivery').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }
}
