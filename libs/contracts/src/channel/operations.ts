import { z } from 'zod';
import { Id, InSpace, EmptyOutput, Paging, Timestamp } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import { PhoneCapabilitiesSchema } from '../telephony/types.ts';
import {
  ChannelCredentialsSchema,
  ChannelSetupRequestSchema,
  channelServerFields,
  channelStatuses,
  DeliverySchema,
  deliveryStatuses,
  DeploymentChannelSchema,
  DeploymentChannelUpdateRequestSchema,
  deploymentTypes,
  TargetSchema,
} from './types.ts';

export * from './dials.operations.ts';
export * from './streams.operations.ts';
export * from './targets.operations.ts';

const base = '/spaces/:spaceId/channels';
const one = `${base}/:channelId`;
const InChannel = { ...InSpace, channelId: Id };

/** A channel as created: with its secret, shown once. */
const CreatedChannel = z.object({
  channel: DeploymentChannelSchema,
  credentials: z.object({ webhookSecret: z.string() }).nullable(),
});

export const createChannel = defineOperation({
  name: 'channel.create',
  kind: 'command',
  permission: 'channels:manage',
  secret: true,
  summary: 'Create a channel in status `setup`',
  http: { method: 'POST', path: base, status: 201 },
  input: z.strictObject({ ...InSpace, ...looseBody(), credentials: ChannelCredentialsSchema.optional() }),
  output: CreatedChannel,
});

export const setUpChannel = defineOperation({
  name: 'channel.set_up',
  kind: 'command',
  deadlineMs: 20_000,
  permission: 'channels:manage',
  secret: true,
  summary: 'Create, configure and activate a channel in one step',
  http: { method: 'POST', path: `${base}/setup`, status: 201 },
  input: z.strictObject({ ...InSpace, ...ChannelSetupRequestSchema.shape }),
  output: CreatedChannel,
});

export const listChannels = defineOperation({
  name: 'channel.list',
  kind: 'query',
  permission: 'channels:read',
  summary: 'List channels of a space',
  http: { method: 'GET', path: base },
  input: z.strictObject({
    ...InSpace,
    ...Paging,
    deploymentType: z.enum(deploymentTypes).optional(),
    status: z.enum(channelStatuses).optional(),
  }),
  output: listOf(DeploymentChannelSchema),
});

export const getChannel = defineOperation({
  name: 'channel.get',
  kind: 'query',
  permission: 'channels:read',
  summary: 'Get a channel',
  http: { method: 'GET', path: one },
  input: z.strictObject(InChannel),
  output: DeploymentChannelSchema,
});

export const updateChannel = defineOperation({
  name: 'channel.update',
  kind: 'command',
  deadlineMs: 20_000,
  permission: 'channels:manage',
  summary: 'Update a channel (JSON Merge Patch)',
  http: { method: 'PATCH', path: one },
  input: z.strictObject({
    ...InChannel,
    ...DeploymentChannelUpdateRequestSchema.shape,
    credentials: ChannelCredentialsSchema.optional(),
  }),
  output: DeploymentChannelSchema,
});

export const deleteChannel = defineOperation({
  name: 'channel.delete',
  kind: 'command',
  deadlineMs: 20_000,
  permission: 'channels:manage',
  summary: 'Delete a channel; its conversations remain',
  http: { method: 'DELETE', path: one },
  input: z.strictObject(InChannel),
  output: EmptyOutput,
});

export const verifyChannel = defineOperation({
  name: 'channel.verify',
  kind: 'command',
  deadlineMs: 20_000,
  permission: 'channels:manage',
  summary: 'Check a channel and report what is missing',
  http: { method: 'POST', path: `${one}/verify` },
  input: z.strictObject(InChannel),
  output: DeploymentChannelSchema,
});

export const activateChannel = defineOperation({
  name: 'channel.activate',
  kind: 'command',
  deadlineMs: 20_000,
  permission: 'channels:manage',
  summary: 'Activate a channel',
  http: { method: 'POST', path: `${one}/activate` },
  input: z.strictObject(InChannel),
  output: DeploymentChannelSchema,
});

export const deactivateChannel = defineOperation({
  name: 'channel.deactivate',
  kind: 'command',
  permission: 'channels:manage',
  summary: 'Deactivate a channel; it drops messages and rejects calls',
  http: { method: 'POST', path: `${one}/deactivate` },
  input: z.strictObject(InChannel),
  output: DeploymentChannelSchema,
});

export const getChannelHealth = defineOperation({
  name: 'channel.get_health',
  kind: 'query',
  permission: 'channels:read',
  summary: 'Get the health of a channel and counts of its deliveries',
  http: { method: 'GET', path: `${one}/health` },
  input: z.strictObject(InChannel),
  output: z.object({
    status: z.enum(channelStatuses),
    statusReason: z.string().nullable(),
    /** When its provider was last asked; null for a channel without one. */
    checkedAt: Timestamp.nullable(),
    lastDeliveredAt: Timestamp.nullable(),
    pendingDeliveries: z.int(),
    failedDeliveries: z.int(),
  }),
});

export const listChannelNumbers = defineOperation({
  name: 'channel.list_numbers',
  kind: 'query',
  permission: 'channels:manage',
  summary: "List the phone numbers of a channel's provider account, read from the provider",
  http: { method: 'GET', path: `${one}/numbers` },
  deadlineMs: 20_000,
  input: z.strictObject(InChannel),
  output: z.object({
    data: z.array(
      z.object({
        number: z.string(),
        providerNumberId: z.string(),
        name: z.string(),
        capabilities: PhoneCapabilitiesSchema,
        /** Whether this channel can take the number's calls, and if not, why and what to do. */
        usable: z.boolean(),
        reason: z.string().nullable(),
      }),
    ),
    nextCursor: z.null(),
  }),
});

export const listDeliveries = defineOperation({
  name: 'channel.list_deliveries',
  kind: 'query',
  permission: 'channels:read',
  summary: 'List deliveries of a channel, newest first',
  http: { method: 'GET', path: `${one}/deliveries` },
  input: z.strictObject({ ...InChannel, ...Paging, status: z.enum(deliveryStatuses).optional() }),
  output: listOf(DeliverySchema),
});

export const replayDelivery = defineOperation({
  name: 'channel.replay_delivery',
  kind: 'command',
  permission: 'channels:manage',
  summary: 'Attempt a failed delivery again, with the current message',
  http: { method: 'POST', path: `${one}/deliveries/:deliveryId/replay`, status: 202 },
  input: z.strictObject({ ...InChannel, deliveryId: Id }),
  output: DeliverySchema,
});

/** The request's own schema is a union by type, which the handler applies; the door checks the names of the fields. */
function looseBody() {
  return {
    ...channelServerFields,
    deploymentType: z.enum(deploymentTypes),
    channelName: z.json().optional(),
    recordingEnabled: z.json().optional(),
    channelIdentifier: z.json().optional(),
    configuration: z.json().optional(),
    provider: z.json().optional(),
    target: z.json().optional(),
    language: z.json().optional(),
  };
}

export const getSessionUrl = defineOperation({
  name: 'channel.get_session_url',
  kind: 'query',
  permission: 'channels:read',
  summary: 'Get the permanent socket address of a web channel; pages are authorized by their origin',
  http: { method: 'GET', path: `${one}/session-url` },
  input: z.strictObject(InChannel),
  output: z.object({ url: z.string() }),
});

export const createSessionUrl = defineOperation({
  name: 'channel.create_session_url',
  kind: 'command',
  permission: 'channels:manage',
  secret: true,
  summary: 'Create a socket address for one session; it is valid for five minutes and works from any origin',
  http: { method: 'POST', path: `${one}/session-url`, status: 201 },
  input: z.strictObject(InChannel),
  output: z.object({ url: z.string(), expiresAt: Timestamp }),
});

export const admitFlowSession = defineOperation({
  name: 'channel.admit_flow_session',
  kind: 'command',
  permission: 'internal',
  summary: 'Resolve the channel of a flow session by origin or token; a token works once',
  input: z.strictObject({
    flowId: z.string().max(100),
    origin: z.string().max(300).nullable(),
    token: z.string().max(500).nullable(),
  }),
  output: z.object({
    admitted: z.boolean(),
    /** Why not: the codes of the socket's closes. */
    refusal: z.enum(['bad_token', 'origin', 'unknown_flow']).nullable(),
    channel: z
      .object({
        spaceId: Id,
        channelId: Id,
        deploymentType: z.enum(deploymentTypes),
        target: TargetSchema.nullable(),
        targetName: z.string().nullable(),
        language: z.string().nullable(),
      })
      .nullable(),
  }),
});
