import { z } from 'zod';
import { Id, InSpace, Metadata, Name, EmptyOutput, Paging, QueryFlag } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import { AssignableRole } from '../identity/types.ts';
import { media, NotificationDeliverySchema, NotificationSchema, ruleEvents, RuleSchema } from './types.ts';

export * from './account-mails.operations.ts';

const rules = '/spaces/:spaceId/notification-rules';
const fields = {
  name: Name,
  event: z.enum(ruleEvents),
  media: z.array(z.enum(media)).min(1).max(media.length),
  roles: z.array(AssignableRole).min(1).max(4),
  enabled: z.boolean(),
  metadata: Metadata,
};

export const createRule = defineOperation({
  name: 'notification.create_rule',
  kind: 'command',
  permission: 'notifications:manage',
  summary: 'Create a notification rule',
  http: { method: 'POST', path: rules, status: 201 },
  input: z.strictObject({
    ...InSpace,
    ...fields,
    enabled: fields.enabled.default(true),
    metadata: Metadata.optional(),
  }),
  output: RuleSchema,
});

export const listRules = defineOperation({
  name: 'notification.list_rules',
  kind: 'query',
  permission: 'notifications:manage',
  summary: 'List notification rules of a space',
  http: { method: 'GET', path: rules },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(RuleSchema),
});

export const updateRule = defineOperation({
  name: 'notification.update_rule',
  kind: 'command',
  permission: 'notifications:manage',
  summary: 'Update a notification rule',
  http: { method: 'PATCH', path: `${rules}/:ruleId` },
  input: z.strictObject({ ...InSpace, ruleId: Id, ...z.strictObject(fields).partial().shape }),
  output: RuleSchema,
});

export const deleteRule = defineOperation({
  name: 'notification.delete_rule',
  kind: 'command',
  permission: 'notifications:manage',
  summary: 'Delete a notification rule',
  http: { method: 'DELETE', path: `${rules}/:ruleId` },
  input: z.strictObject({ ...InSpace, ruleId: Id }),
  output: EmptyOutput,
});

export const listNotifications = defineOperation({
  name: 'notification.list',
  kind: 'query',
  permission: 'notifications:read',
  summary: 'List your notifications, newest first',
  http: { method: 'GET', path: '/spaces/:spaceId/notifications' },
  input: z.strictObject({ ...InSpace, ...Paging, unread: QueryFlag.optional() }),
  output: listOf(NotificationSchema),
});

export const readNotification = defineOperation({
  name: 'notification.read',
  kind: 'command',
  permission: 'notifications:read',
  summary: 'Mark a notification as read',
  http: { method: 'POST', path: '/spaces/:spaceId/notifications/:notificationId/read' },
  input: z.strictObject({ ...InSpace, notificationId: Id }),
  output: NotificationSchema,
});

export const listNotificationDeliveries = defineOperation({
  name: 'notification.list_deliveries',
  kind: 'query',
  permission: 'notifications:manage',
  summary: 'List deliveries of notifications, newest first',
  http: { method: 'GET', path: '/spaces/:spaceId/notification-deliveries' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(NotificationDeliverySchema),
});
