import type { listNotifications, OperationOutput } from '@parley/contracts';
import type { NotificationRow } from '../database.ts';

export type NotificationView = OperationOutput<typeof listNotifications>['data'][number];

export function toNotification(row: NotificationRow): NotificationView {
  return {
    id: row.id,
    accountId: row.account_id,
    event: row.event,
    title: row.title,
    body: row.body,
    media: row.media,
    conversationId: row.conversation_id,
    readAt: row.read_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
