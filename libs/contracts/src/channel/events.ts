import { z } from 'zod';
import { Id, Timestamp } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';
import { PartSchema } from '../conversation/types.ts';
import { channelStatuses, deliveryKinds, deploymentTypes, TargetSchema } from './types.ts';

export const messageReceived = defineEvent({
  name: 'channel.message_received',
  summary: 'A channel received an inbound message',
  data: z.object({
    channelId: Id,
    deploymentType: z.enum(deploymentTypes),
    target: TargetSchema.nullable(),
    /** Name of the answering side, for a conversation that has yet to begin. */
    targetName: z.string().nullable(),
    /** The provider's id of the message: with the channel, the key that removes repeats. */
    providerMessageId: z.string(),
    sender: z.object({ id: z.string(), name: z.string().nullable() }),
    parts: z.array(PartSchema),
    metadata: z.record(z.string(), z.json()),
    receivedAt: Timestamp,
    /** Language of the channel (BCP 47). Absent where none is set. */
    language: z.string().optional(),
  }),
  key: (data) => `${data.channelId}.${data.sender.id}`,
});

export const deliveryUpdated = defineEvent({
  name: 'channel.delivery_updated',
  summary: 'A delivery of a message, or of a change of a message, changed its status',
  data: z.object({
    deliveryId: Id,
    channelId: Id,
    conversationId: Id,
    messageId: Id,
    status: z.enum(['sent', 'delivered', 'read', 'failed']),
    reason: z.string().nullable(),
    providerMessageId: z.string().nullable(),
    /** What was delivered: the status of a message follows `message` alone. Absent in events from before there were kinds. */
    kind: z.enum(deliveryKinds).optional(),
    /** Attempts until this status. */
    attempts: z.int().optional(),
  }),
  key: (data) => data.conversationId,
});

export const channelStatusChanged = defineEvent({
  name: 'channel.status_changed',
  summary: "A channel's status, target or settings changed",
  data: z.object({
    channelId: Id,
    deploymentType: z.enum(deploymentTypes),
    status: z.enum([...channelStatuses, 'deleted']),
    statusReason: z.string().nullable(),
    target: TargetSchema.nullable(),
    channelName: z.string().nullable(),
    /** The number, site or name it is reached by. */
    channelIdentifier: z.string().nullish(),
    /** What becomes of a conversation when a call of this channel ends; null where the channel does not say. */
    afterCall: z.enum(['close', 'pause']).nullish(),
    /** Whether its calls may be recorded, where the space allows it. Absent in facts from before there were recordings. */
    recordingEnabled: z.boolean().optional(),
  }),
  key: (data) => data.channelId,
});

export const channelEvents = [messageReceived, deliveryUpdated, channelStatusChanged];
