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
        // One event creates one notification for each account.
        .onConflict((conflict) => conflict.columns(['space_id', 'account_id', 'source']).doNothing())
        .returningAll()
        .execute()
    );
  }

  /** Accounts with an unread notification of this event and conversation in the last hour. */
  async findAccountsWithUnread(
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

  /** Marks an account's notifications of a conversation as read. */
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

  /** Removes the texts of notifications when the contact of their conversation was erased. */
  async redactConversation(trx: NotificationTrx, spaceId: string, conversationId: string): Promise<void> {
    await trx
      .updateTable('notification')
      .set({ title: 'A contact was erased', body: '', updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .where('conversation_id', '=', conversationId)
      .execute();
  }

  /** Deletes the notifications of a deleted conversation. */
  async deleteConversation(trx: NotificationTrx, spaceId: string, conversationId: string): Promise<void> {
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

  async completeDelivery(
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
