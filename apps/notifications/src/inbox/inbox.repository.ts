import { Injectable } from '@nestjs/common';
import type {
  DeliveryRow,
  NewDeliveryRow,
  NewNotificationRow,
  NotificationRow,
  NotificationTrx,
  Page,
} from '../database.ts';

@Injectable()
export class InboxRepository {
  async insert(trx: NotificationTrx, rows: readonly NewNotificationRow[]): Promise<NotificationRow[]> {
    if (rows.length === 0) return [];
    return trx
      .insertInto('notification')
      .values([...rows])
      .returningAll()
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
      .where('account_id', '=', where.accountId);
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
