import type { ChannelAdapter } from './adapter.ts';
import { customAdapter } from './custom/custom.adapter.ts';
import type { PhoneProvider } from './phone-provider.ts';
import { twilioProvider } from './twilio/twilio.adapter.ts';

/** Every adapter, one line each. */
const adapters: readonly ChannelAdapter[] = [customAdapter];

/** Every carrier of calls, one line each. */
const phoneProviders: readonly PhoneProvider[] = [twilioProvider];

const byName = new Map(adapters.map((adapter) => [adapter.name, adapter]));

export function adapterOf(provider: string): ChannelAdapter | undefined {
  return byName.get(provider);
}

/** The adapter of a channel's type; web channels need none, their visitors come over the sockets. */
export function adapterFor(deploymentType: string): ChannelAdapter | undefined {
  return byName.get(deploymentType.toLowerCase());
}

/** The carrier of a channel's calls; undefined for channels that have none that is known here. */
export function phoneProviderFor(channel: {
  deployment_type: string;
  provider: string | null;
}): PhoneProvider | undefined {
  if (channel.deployment_type !== 'CALLS') return undefined;
  return phoneProviders.find(({ name }) => name === channel.provider);
}
