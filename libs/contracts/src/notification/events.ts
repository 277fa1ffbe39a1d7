import { z } from 'zod';
import { Id } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';
import { media, NotificationSchema } from './types.ts';

export const notificationCreated = defineEvent({
  name: 'notification.created',
  summary: 'A member is notified through the listed media',
  data: z.object({ notification: NotificationSchema }),
  key: (data) => data.notification.accountId,
});

export const notificationDelivered = defineEvent({
  name: 'notification.delivered',
  summary: 'A notification was delivered through a medium',
  data: z.object({ notificationId: Id, accountId: Id, medium: z.enum(media) }),
  key: (data) => data.accountId,
});

export const notificationFailed = defineEvent({
  name: 'notification.failed',
  summary: 'A notification could not be delivered through a medium',
  data: z.object({ notificationId: Id, accountId: Id, medium: z.enum(media), reason: z.string() }),
  key: (data) => data.accountId,
});

export const notificationEvents = [notificationCreated, notificationDelivered, notificationFailed];
