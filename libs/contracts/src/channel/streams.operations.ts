import { z } from 'zod';
import { Id } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { deploymentTypes, TargetSchema } from './types.ts';

export const admitMediaStream = defineOperation({
  name: 'channel.admit_media_stream',
  kind: 'query',
  permission: 'internal',
  summary: "Resolve the call of a carrier's media stream by its token",
  input: z.strictObject({
    channelId: z.string().max(100),
    /** The carrier's id of the call: the token is good for that one alone. */
    callSid: z.string().max(100),
    token: z.string().max(1000),
  }),
  output: z.object({
    /** Why it is not let in. */
    refusal: z.enum(['bad_token', 'unknown_channel', 'inactive']).nullable(),
    stream: z
      .object({
        spaceId: Id,
        channelId: Id,
        deploymentType: z.enum(deploymentTypes),
        target: TargetSchema.nullable(),
        targetName: z.string().nullable(),
        language: z.string().nullable(),
        direction: z.enum(['inbound', 'outbound']),
        /** The numbers of both ends, as the carrier tells them. */
        from: z.string(),
        to: z.string(),
        /** The call, where it was placed by the platform. */
        callId: Id.nullable(),
      })
      .nullable(),
  }),
});
