import { Controller } from '@nestjs/common';
import {
  cursorOf,
  listNotificationDeliveries,
  listNotifications,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  type Principal,
  readNotification,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { InboxRepository } from './inbox.repository.ts';
import { toNotification } from './shapes.ts';

type Context = OperationContext<Tables>;

@Controller()
export class InboxHandler {
  constructor(private readonly inbox: InboxRepository) {}

  @HandleOperation(listNotifications)
  async list(
    input: OperationInput<typeof listNotifications>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof listNotifications>> {
    const where = {
      spaceId: input.spaceId,
      accountId: accountIdOf(principal),
      unread: input.unread ?? false,
    };
    const rows = await this.inbox.list(trx, where, { limit: input.limit, before: cursorOf(input.cursor) });
    return pageOf(rows, input.limit, toNotification);
  }

  @HandleOperation(readNotification)
  async read(
    input: OperationInput<typeof readNotification>,
    { trx, principal }: Context,
  ): Promise<OperationOutput<typeof readNotification>> {
    const row = await this.inbox.markRead(trx, {
      spaceId: input.spaceId,
      accountId: accountIdOf(principal),
      id: input.notificationId,
    });
    if (!row) throw notFound('The notification');
    return toNotification(row);
  }

  @HandleOperation(listNotificationDeliveries)
  async listDeliveries(
    input: OperationInput<typeof listNotificationDeliveries>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listNotificationDeliveries>> {
    const rows = await this.inbox.listDeliveries(trx, input.spaceId, {
      limit: input.limit,
      before: cursorOf(input.cursor),
    });
    return pageOf(rows, input.limit, (row) => ({
      id: row.id,
      notificationId: row.notification_id,
      accountId: row.account_id,
      medium: row.medium,
      status: row.status,
      reason: row.reason,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    }));
  }
}

function accountIdOf(principal: Principal): string {
  return principal.accountId ?? principal.id;
}
