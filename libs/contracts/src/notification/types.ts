import { z } from 'zod';
import { Id, ResourceFields, Timestamp } from '../core/common.ts';

/** Media a notification can go through. */
export const media = ['inbox', 'email'] as const;

/** Mails about an account, which identity decides and notifications sends. */
export const accountMailKinds = ['verify_email', 'reset_password', 'password_changed', 'invitation'] as const;

/** Events a rule can be about: a person is asked for; a contact writes to the person in charge. */
export const ruleEvents = ['flow.handoff_requested', 'conversation.message_posted'] as const;

/** When an event happens, who is told and how. */
export const RuleSchema = z
  .object({
    id: Id,
    name: z.string(),
    event: z.enum(ruleEvents),
    media: z.array(z.enum(media)),
    roles: z.array(z.string()),
    enabled: z.boolean(),
    ...ResourceFields,
  })
  .meta({ id: 'NotificationRule' });

/** One line of an account's inbox. */
export const NotificationSchema = z
  .object({
    id: Id,
    accountId: Id,
    event: z.string(),
    title: z.string(),
    body: z.string(),
    /** The media it goes through; without `inbox` it is not in the account's list. */
    media: z.array(z.enum(media)),
    conversationId: Id.nullable(),
    readAt: Timestamp.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Notification' });

/** One attempt to reach somebody through a medium. */
export const NotificationDeliverySchema = z
  .object({
    id: Id,
    notificationId: Id,
    accountId: Id,
    medium: z.enum(media),
    status: z.enum(['pending', 'delivered', 'failed']),
    reason: z.string().nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'NotificationDelivery' });
