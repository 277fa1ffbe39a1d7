import { z } from 'zod';
import { Id, Metadata, Name, Timestamp } from '../core/common.ts';
import { Origin, SiteUrl } from '../core/origin.ts';
import { cleanedText, shortText } from '../core/text.ts';
import { Parts } from '../conversation/types.ts';

/** Telephone number in E.164 (ITU-T): `+`, country code, at most 15 digits. */
export const E164 = z.string().regex(/^\+[1-9]\d{6,14}$/, 'is not an E.164 number such as +12125551234');

/** Unix milliseconds. */
const UnixMs = z.int().min(0);

/** Appearance of the widget; unknown keys are kept for the site's own use. */
export const WidgetConfigurationSchema = z.looseObject({
  position: z.enum(['left', 'right']).default('right'),
  customTheme: z
    .looseObject({
      primaryColor: z
        .string()
        .regex(/^#[0-9a-fA-F]{3,8}$/, 'is not a CSS hex colour')
        .optional(),
    })
    .optional(),
  title: cleanedText(100).optional(),
  /** Stands in the empty chat, before anything was said. */
  greeting: z.string().max(500).optional(),
  /** Offered in the empty chat; a click asks. */
  suggestedQuestions: z.array(z.string().trim().min(1).max(300)).max(6).optional(),
});

const ApiBaseUrl = z
  .url({ protocol: /^https?$/, error: 'is not an http or https address' })
  .max(300)
  .optional()
  .meta({ description: "Address of the provider's API, where it is not the provider's own" });
const PhoneConfiguration = z.strictObject({
  /** The phone number (`phone_…`) behind the channel; known once the number was found at the provider. */
  phoneConfigurationId: Id.nullish(),
  apiBaseUrl: ApiBaseUrl,
  afterCall: z.enum(['close', 'pause']).default('close'),
});
const WebConfiguration = z.strictObject({
  communicationType: z.literal('UNIFIED').default('UNIFIED'),
  widgetConfiguration: WidgetConfigurationSchema.prefault({}),
  allowedOrigins: z.array(Origin).max(50).optional(),
});
const MobileConfiguration = z.strictObject({
  packageName: shortText(200),
  platform: z.enum(['IOS', 'ANDROID']),
});
const MessagingConfiguration = z.strictObject({
  apiBaseUrl: ApiBaseUrl,
  graphVersion: z.string().max(10).optional(),
});
const CustomConfiguration = z.strictObject({ callbackUrl: z.url().max(2000).optional() });

/** Identifier and configuration of each deployment type. */
const kinds = {
  CALLS: { channelIdentifier: E164, configuration: PhoneConfiguration },
  SMS: { channelIdentifier: E164, configuration: PhoneConfiguration },
  WEB: { channelIdentifier: SiteUrl, configuration: WebConfiguration },
  MOBILE: { channelIdentifier: shortText(200), configuration: MobileConfiguration },
  WHATSAPP: { channelIdentifier: shortText(100), configuration: MessagingConfiguration },
  MESSENGER: { channelIdentifier: shortText(100), configuration: MessagingConfiguration },
  CUSTOM: { channelIdentifier: shortText(200), configuration: CustomConfiguration },
} as const;

/** The types of deployment channels. */
export const deploymentTypes = ['CALLS', 'SMS', 'WEB', 'MOBILE', 'WHATSAPP', 'MESSENGER', 'CUSTOM'] as const;

/** One type of deployment channel. */
export type DeploymentType = (typeof deploymentTypes)[number];

/** Exactly one agent or flow. */
export const TargetSchema = z
  .union([z.strictObject({ agentId: Id }), z.strictObject({ flowId: Id })])
  .meta({ id: 'ChannelTarget' });

/** Statuses of a channel. */
export const channelStatuses = ['setup', 'active', 'inactive', 'error'] as const;

const ReadOnly = z.json().optional().meta({ readOnly: true, description: 'Set by the server: ignored' });

/** Fields of a channel that the server owns. A channel that was read can be posted as it stands: they are ignored. */
export const channelServerFields = {
  id: ReadOnly,
  status: ReadOnly,
  statusReason: ReadOnly,
  webhookUrl: ReadOnly,
  createdAt: ReadOnly,
  updatedAt: ReadOnly,
} as const;

const requestFields = {
  ...channelServerFields,
  channelName: Name.nullish(),
  recordingEnabled: z.boolean().default(true),
  provider: z.enum(['twilio', 'plivo', 'exotel', 'sip', 'whatsapp', 'messenger']).nullish(),
  target: TargetSchema.nullish(),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'is not a language tag such as en-US')
    .nullish(),
};

const storedFields = {
  id: Id,
  channelName: z.string().nullish(),
  recordingEnabled: z.boolean().default(true),
  provider: requestFields.provider,
  target: TargetSchema.nullish(),
  language: z.string().nullish(),
  status: z.enum(channelStatuses).optional(),
  statusReason: z.string().nullish(),
  webhookUrl: z.string().nullish(),
  createdAt: UnixMs,
  updatedAt: UnixMs,
};

/** A deployment channel: the interface through which an agent or flow is reached. Times are Unix milliseconds. */
export const DeploymentChannelSchema = z
  .discriminatedUnion('deploymentType', [
    z.strictObject({ ...storedFields, deploymentType: z.literal('CALLS'), ...kinds.CALLS }),
    z.strictObject({ ...storedFields, deploymentType: z.literal('SMS'), ...kinds.SMS }),
    z.strictObject({ ...storedFields, deploymentType: z.literal('WEB'), ...kinds.WEB }),
    z.strictObject({ ...storedFields, deploymentType: z.literal('MOBILE'), ...kinds.MOBILE }),
    z.strictObject({ ...storedFields, deploymentType: z.literal('WHATSAPP'), ...kinds.WHATSAPP }),
    z.strictObject({ ...storedFields, deploymentType: z.literal('MESSENGER'), ...kinds.MESSENGER }),
    z.strictObject({ ...storedFields, deploymentType: z.literal('CUSTOM'), ...kinds.CUSTOM }),
  ])
  .meta({ id: 'DeploymentChannel' });

/** A deployment channel. */
export type DeploymentChannel = z.infer<typeof DeploymentChannelSchema>;

const phoneRequest = { ...requestFields, configuration: PhoneConfiguration.prefault({}) };
const otherRequests = [
  z.strictObject({ ...requestFields, deploymentType: z.literal('WEB'), ...kinds.WEB }),
  z.strictObject({ ...requestFields, deploymentType: z.literal('MOBILE'), ...kinds.MOBILE }),
  z.strictObject({ ...requestFields, deploymentType: z.literal('WHATSAPP'), ...kinds.WHATSAPP }),
  z.strictObject({ ...requestFields, deploymentType: z.literal('MESSENGER'), ...kinds.MESSENGER }),
  z.strictObject({
    ...requestFields,
    deploymentType: z.literal('CUSTOM'),
    channelIdentifier: kinds.CUSTOM.channelIdentifier,
    configuration: CustomConfiguration.prefault({}),
  }),
] as const;

/** What creates a deployment channel. */
export const DeploymentChannelRequestSchema = z
  .discriminatedUnion('deploymentType', [
    z.strictObject({ ...phoneRequest, deploymentType: z.literal('CALLS'), channelIdentifier: E164 }),
    z.strictObject({ ...phoneRequest, deploymentType: z.literal('SMS'), channelIdentifier: E164 }),
    ...otherRequests,
  ])
  .meta({ id: 'DeploymentChannelRequest' });

/** The same within a set-up, where the number may stand beside it. */
const ChannelToSetUpSchema = z
  .discriminatedUnion('deploymentType', [
    z.strictObject({
      ...phoneRequest,
      deploymentType: z.literal('CALLS'),
      channelIdentifier: E164.optional(),
    }),
    z.strictObject({ ...phoneRequest, deploymentType: z.literal('SMS'), channelIdentifier: E164.optional() }),
    ...otherRequests,
  ])
  .meta({ id: 'DeploymentChannelToSetUp' });

/** What creates a deployment channel. */
export type DeploymentChannelRequest = z.infer<typeof DeploymentChannelRequestSchema>;

/** A partial change; the type cannot change, the configuration is checked against the channel's type. */
export const DeploymentChannelUpdateRequestSchema = z
  .strictObject({
    channelName: Name.nullable().optional(),
    recordingEnabled: z.boolean().optional(),
    channelIdentifier: z.string().min(1).max(500).optional(),
    configuration: z.record(z.string(), z.json()).optional(),
    target: TargetSchema.nullable().optional(),
    language: requestFields.language,
  })
  .meta({ id: 'DeploymentChannelUpdateRequest' });

const AccountSid = z.string().regex(/^AC[0-9a-zA-Z]{32}$/, 'is not an account SID: AC and 32 characters');
const AuthToken = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/, 'has characters that no token has');

/** Credentials of an account at Twilio: its SID and auth token, which also signs its webhooks. */
export const TwilioCredentialsSchema = z.strictObject({ accountSid: AccountSid, authToken: AuthToken });

/** Credentials of an account at Twilio. */
export type TwilioCredentials = z.infer<typeof TwilioCredentialsSchema>;

/** Write-only credentials: a custom channel's secret, made when absent, or what its provider gave. */
export const ChannelCredentialsSchema = z
  .strictObject({
    webhookSecret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{22,88}={0,2}$/, 'is not whsec_ followed by base64')
      .optional(),
    accountSid: AccountSid.optional(),
    authToken: AuthToken.optional(),
  })
  .meta({ id: 'ChannelCredentials' });

/** Write-only credentials of a channel. */
export type ChannelCredentials = z.infer<typeof ChannelCredentialsSchema>;

/** Complete set-up in one request: channel, credentials, target, activation. */
export const ChannelSetupRequestSchema = z
  .strictObject({
    channel: ChannelToSetUpSchema,
    credentials: ChannelCredentialsSchema.optional(),
    /** The number that is to be called, instead of or equal to the channel's identifier. */
    phoneNumber: E164.optional(),
    target: TargetSchema.optional(),
    activate: z.boolean().default(true),
  })
  .meta({ id: 'ChannelSetupRequest' });

/** The body of a custom channel's webhook. */
export const CustomInboundSchema = z.strictObject({
  messageId: z.string().min(1).max(200),
  sender: z.strictObject({ id: z.string().min(1).max(200), name: cleanedText(200).optional() }),
  parts: Parts,
  metadata: Metadata.optional(),
});

/** The identifier and configuration schemas of one deployment type. */
export function channelKind(type: DeploymentType): {
  channelIdentifier: z.ZodType<string>;
  configuration: z.ZodType;
} {
  return kinds[type];
}

/** What of a message is delivered to a channel: the message itself, or a change of it. */
export const deliveryKinds = ['message', 'message_changed', 'message_deleted', 'reaction'] as const;

/** What a delivery hands over. */
export type DeliveryKind = (typeof deliveryKinds)[number];

/** Statuses of a delivery. */
export const deliveryStatuses = ['pending', 'sent', 'delivered', 'read', 'failed'] as const;

/** A delivery: one message, or one change of it, on its way to its channel. */
export const DeliverySchema = z
  .object({
    id: Id,
    channelId: Id,
    conversationId: Id,
    messageId: Id,
    kind: z.enum(deliveryKinds),
    status: z.enum(deliveryStatuses),
    /** Attempts begun so far. */
    attempts: z.int(),
    /** Why the last attempt failed; null where none has. */
    reason: z.string().nullable(),
    /** When a pending delivery that has failed is attempted again. */
    nextAttemptAt: Timestamp.nullable(),
    /** The id that the provider gave the message. */
    providerMessageId: z.string().nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Delivery' });

/** A delivery. */
export type Delivery = z.infer<typeof DeliverySchema>;
