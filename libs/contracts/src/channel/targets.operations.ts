import { z } from 'zod';
import { Id, InSpace } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { channelStatuses, TargetSchema } from './types.ts';

export const listTargetingChannels = defineOperation({
  name: 'channel.list_targeting',
  kind: 'query',
  permission: 'internal',
  summary: 'List the channels that target an agent or a flow',
  input: z.strictObject({ ...InSpace, target: TargetSchema }),
  output: z.object({
    /** The first twenty, oldest first. */
    channels: z.array(z.object({ id: Id, name: z.string().nullable(), status: z.enum(channelStatuses) })),
    total: z.int(),
  }),
});
