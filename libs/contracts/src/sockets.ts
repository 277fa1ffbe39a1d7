import { z } from 'zod';
import { Id } from './core/common.ts';
import { MessageSchema, Parts } from './conversation/types.ts';
import { NotificationSchema } from './notification/types.ts';

/**
 * Close codes of `/ws/realtime`. 1009: a frame of more than 96 KiB. 1001: the server stops; connect again at once.
 * After 4429 a client waits some seconds before it connects again.
 */
export const realtimeCloseCodes = {
  /** No frame `authenticate` within ten seconds, or a credential that is not valid, or no longer. */
  unauthorized: 4401,
  /** The page's origin may not use the visitor's channel. */
  forbidden: 4403,
  /** Too many connections, frames that found the queue full, frames that cannot be read, or pings. */
  tooMany: 4429,
  /** The credential could not be checked now. */
  tryAgain: 1013,
} as const;

/** Frames a client may send on `/ws/realtime`. */
export const ClientFrameSchema = z.union([
  z.strictObject({ type: z.literal('authenticate'), token: z.string().max(4000) }),
  z.strictObject({
    type: z.literal('subscribe'),
    conversationId: Id,
    afterSequence: z.int().min(0).optional(),
  }),
  z.strictObject({ type: z.literal('subscribe'), spaceId: Id }),
  z.strictObject({ type: z.literal('subscribe'), inbox: z.literal(true) }),
  z.strictObject({ type: z.literal('unsubscribe'), conversationId: Id }),
  z.strictObject({ type: z.literal('unsubscribe'), spaceId: Id }),
  z.strictObject({ type: z.literal('unsubscribe'), inbox: z.literal(true) }),
  z.strictObject({
    type: z.literal('post'),
    id: z.string().min(1).max(200),
    conversationId: Id.optional(),
    parts: Parts,
  }),
  z.strictObject({ type: z.literal('typing'), conversationId: Id }),
  z.strictObject({ type: z.literal('ping') }),
]);

/** A frame of the client. */
export type ClientFrame = z.infer<typeof ClientFrameSchema>;

/** Frames the server sends on `/ws/realtime`; clients ignore types they do not know. */
export const ServerFrameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('subscribed'),
    conversationId: Id.optional(),
    lastSequence: z.int().optional(),
    spaceId: Id.optional(),
    inbox: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('event'),
    name: z.string(),
    conversationId: Id,
    sequence: z.int(),
    data: z.record(z.string(), z.json()),
  }),
  z.object({ type: z.literal('caught_up'), conversationId: Id, sequence: z.int() }),
  z.object({
    type: z.literal('delta'),
    conversationId: Id,
    messageId: Id,
    attempt: z.int(),
    offset: z.int(),
    text: z.string(),
  }),
  z.object({ type: z.literal('typing'), conversationId: Id, name: z.string() }),
  z.object({ type: z.literal('hint'), spaceId: Id, conversationId: Id, name: z.string() }),
  z.object({ type: z.literal('notification'), data: NotificationSchema }),
  z.object({ type: z.literal('posted'), id: z.string(), message: MessageSchema }),
  /** `id`: of the post that failed. `rate_limited` without one: the frame was dropped unread. */
  z.object({ type: z.literal('error'), code: z.string(), detail: z.string(), id: z.string().optional() }),
  z.object({ type: z.literal('going_away'), resumeAfterMs: z.int() }),
  z.object({ type: z.literal('pong') }),
]);

/** A frame of the server. */
export type ServerFrame = z.infer<typeof ServerFrameSchema>;

/** What travels on `live.<space>.<conversation>`: typing and tokens of an answer that is being written. */
export const LiveMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('delta'),
    messageId: Id,
    attempt: z.int(),
    offset: z.int(),
    text: z.string(),
    /** The message that is answered. */
    replyTo: Id.nullish(),
  }),
  z.object({ type: z.literal('typing'), name: z.string(), actorId: z.string() }),
]);

/** One piece of live news. */
export type LiveMessage = z.infer<typeof LiveMessageSchema>;
