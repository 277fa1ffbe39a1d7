import { z } from 'zod';
import { Id, InSpace, EmptyOutput } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { E164, TargetSchema } from './types.ts';

export const dialCall = defineOperation({
  name: 'channel.dial_call',
  kind: 'command',
  permission: 'internal',
  summary: 'Dial a call at the carrier of a channel, once per call id',
  input: z.strictObject({
    ...InSpace,
    callId: Id,
    channelId: Id,
    to: E164,
    ringSeconds: z.int().min(5).max(600),
    detectMachine: z.boolean(),
    /** Unix milliseconds after which it is too late to dial. */
    /** Unix milliseconds. */
    deadline: z.int().min(0),
  }),
  output: EmptyOutput,
});

export const findTarget = defineOperation({
  name: 'channel.find_target',
  kind: 'query',
  permission: 'internal',
  summary: 'Get the name of an agent or a published flow that can be a target',
  input: z.strictObject({ ...InSpace, target: TargetSchema }),
  output: z.object({ name: z.string().nullable() }),
});

export const cancelDial = defineOperation({
  name: 'channel.cancel_dial',
  kind: 'command',
  permission: 'internal',
  summary: 'Cancel a call: it is not dialled, or the carrier hangs it up',
  input: z.strictObject({
    ...InSpace,
    callId: Id,
    channelId: Id,
    to: E164,
    /** The carrier's id of what it is to let go, where its own news told of it; null for what was dialled here. */
    providerCallId: z.string().min(1).max(100).nullable(),
  }),
  output: EmptyOutput,
});
