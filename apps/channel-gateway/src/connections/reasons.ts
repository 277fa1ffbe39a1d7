import type { ProviderNumber } from '../adapters/phone-provider.ts';

/** What people read as `statusReason`, where nothing at the provider is the cause. */
export const NO_TARGET = 'Assign an agent or a flow as target, then activate.';
export const TARGET_GONE =
  'The agent or flow of this channel was deleted, so no one answers. Assign another target.';
export const READY = 'Ready to be activated.';
export const NOT_VERIFIED = 'Not checked at the provider yet. Verify or activate the channel.';
export const DEACTIVATED = 'Deactivated by hand.';
export const CHECKING = 'Is being checked at the provider.';
export const NO_PUBLIC_URL =
  'The provider cannot reach this installation: PUBLIC_URL is not set. Set it to the https address that the internet reaches the gateway at, restart, then activate the channel.';
export const NO_CREDENTIALS =
  'Save the credentials of the account at Twilio, accountSid and authToken, in the channel, then activate it.';
export const NO_PROVIDER =
  'The channel has no carrier. Save the credentials of a Twilio account (accountSid and authToken) in the channel, then activate it.';

/** The reason of a channel whose type or provider has no adapter. */
export function notConnected(deploymentType: string, provider: string | null): string {
  const of = provider === null ? '' : ` of the provider ${provider}`;
  return `${deploymentType} channels${of} cannot be activated: this installation has no adapter for them yet.`;
}

/** How many numbers are named at most. */
const NAMED = 5;

/** Why a number takes no calls, and what to do; null where it does. */
export function unusable({ capabilities, overridden }: ProviderNumber): string | null {
  if (!capabilities.voice) return 'It takes no voice calls. Choose a number with the capability "Voice".';
  return overridden;
}

/** Why a number was not found in an account. */
export function missingNumber(label: string, wanted: string, all: readonly ProviderNumber[]): string {
  if (all.length === 0)
    return `The ${label} account has no phone number. Buy one in the ${label} console under Phone Numbers, Manage, Buy a number, then set it as channelIdentifier and verify the channel.`;
  const some = all.slice(0, NAMED).map(({ number }) => number);
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${wanted} is not a number of this ${label} account, which has ${some.join(', ')}${more}. Set one of them as channelIdentifier, or buy that number, then verify the channel.`;
}
