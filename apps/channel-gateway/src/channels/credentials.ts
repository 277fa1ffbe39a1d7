import { randomBytes } from 'node:crypto';
import {
  badRequest,
  type ChannelCredentials,
  type DeploymentType,
  problemDetails,
  type TwilioCredentials,
  TwilioCredentialsSchema,
} from '@parley/contracts';

/** What a request gives a channel to keep secret. */
export interface Secrets {
  provider: string | null;
  webhookSecret: string | null;
  account: TwilioCredentials | null;
}

/**
 * Holds credentials against the channel's provider. Credentials of Twilio on a phone channel that names no provider say
 * whose they are.
 * @throws ProblemError 400 for fields that are missing, or that belong to another provider
 */
export function secretsOf(
  type: DeploymentType,
  provider: string | null,
  given: ChannelCredentials = {},
): Secrets {
  const { webhookSecret = null, ...account } = given;
  if (Object.keys(account).length === 0) return { provider, webhookSecret, account: null };
  const isPhone = type === 'CALLS' || type === 'SMS';
  if (!isPhone || (provider !== null && provider !== 'twilio'))
    throw badRequest(
      'An account SID and auth token belong to CALLS and SMS channels of the provider twilio.',
      Object.keys(account).map((field) => ({
        pointer: `/credentials/${field}`,
        detail: 'does not belong to this channel',
      })),
    );
  const parsed = TwilioCredentialsSchema.safeParse(account);
  if (parsed.success) return { provider: 'twilio', webhookSecret, account: parsed.data };
  const errors = problemDetails(parsed.error).map(({ pointer }) => ({
    pointer: `/credentials${pointer}`,
    detail: 'is needed: Twilio takes both',
  }));
  throw badRequest('The credentials are not complete.', errors);
}

/** A secret that a custom channel signs with. */
export function drawSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
