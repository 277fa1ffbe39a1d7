import { z } from 'zod';
import { Id } from '../core/common.ts';

/** Live news of a call, on `call.<spaceId>.<callId>`, for whoever watches over it. */
export const CallMessageSchema = z.discriminatedUnion('type', [
  /** A job says that it is there, once a second. */
  z.object({
    type: z.literal('job_alive'),
    callId: Id,
    generation: z.int(),
    state: z.enum(['starting', 'listening', 'thinking', 'speaking']),
  }),
  /** What the job shall do. */
  z.object({ type: z.literal('send_dtmf'), callId: Id, digits: z.string() }),
  z.object({ type: z.literal('hang_up'), callId: Id }),
]);

/** Live news of a call. */
export type CallMessage = z.infer<typeof CallMessageSchema>;
