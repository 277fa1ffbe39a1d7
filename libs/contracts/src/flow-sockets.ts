import { z } from 'zod';
import { Id } from './core/common.ts';

/** The longest text of a `text` frame, in characters. */
export const flowTextLimit = 4000;

/** Sound of a flow's socket: PCM signed 16-bit little-endian mono, at these rates in Hz. */
export const flowAudioRates = { fromClient: 16_000, toClient: 24_000 } as const;

/**
 * Close codes of `/ws/flow/:flowId`. 1003: sound of no or an odd number of bytes. 1009: a frame of more than 1 MiB.
 * 1001, 1013: the server stops or is busy; connect again.
 */
export const flowCloseCodes = {
  /** The session token is unknown, used or too old, or the channel was deactivated or deleted. */
  unauthorized: 4401,
  /** The page's origin is not among the channel's. */
  forbidden: 4403,
  /** No active web channel has this flow, or the conversation was deleted. */
  notFound: 4404,
  /** Too many sessions, frames or pings; wait some seconds. */
  tooMany: 4429,
} as const;

/** Text frames a client may send on `/ws/flow/:flowId`; sound travels in binary frames beside them. */
export const FlowClientFrameSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('text'),
    text: z.string().max(flowTextLimit, 'is longer than 4,000 characters'),
  }),
  /** Cuts the agent's speech. */
  z.object({ type: z.literal('interrupt') }),
  z.object({
    type: z.literal('dtmf'),
    digit: z.string().regex(/^[0-9*#A-D]$/, 'is not one of 0-9, *, #, A-D'),
  }),
  z.object({ type: z.literal('ping') }),
]);

/** A text frame of the client. */
export type FlowClientFrame = z.infer<typeof FlowClientFrameSchema>;

/** Text frames the server sends on `/ws/flow/:flowId`; clients ignore types they do not know. */
export const FlowServerFrameSchema = z.discriminatedUnion('type', [
  /** The conversation has this name, and begins with the first text or sound. */
  z.object({ type: z.literal('ready'), conversationId: Id }),
  z.object({
    type: z.literal('transcript'),
    role: z.enum(['user', 'assistant']),
    text: z.string(),
    final: z.boolean().optional(),
    /** The message's id; absent for what is shown before the conversation begins. */
    id: Id.optional(),
  }),
  z.object({ type: z.literal('state'), state: z.enum(['listening', 'thinking', 'speaking']) }),
  /** The agent was cut: sound that was not played yet is to be forgotten. */
  z.object({ type: z.literal('interrupted') }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
  /** The call ended; text goes on. */
  z.object({ type: z.literal('end'), reason: z.string() }),
  z.object({ type: z.literal('pong') }),
]);

/** A text frame of the server. */
export type FlowServerFrame = z.infer<typeof FlowServerFrameSchema>;
