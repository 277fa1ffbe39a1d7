import type { ChannelAdapter } from './adapter.ts';
import { customAdapter } from './custom/custom.adapter.ts';

/** Every adapter, one line each. */
const adapters: readonly ChannelAdapter[] = [customAdapter];

const byName = new Map(adapters.map((adapter) => [adapter.name, adapter]));

export function adapterOf(provider: string): ChannelAdapter | undefined {
  return byName.get(provider);
}

/** The adapter of a channel's type; web channels need none, their visitors come over the sockets. */
export function adapterFor(deploymentType: string): ChannelAdapter | undefined {
  return byName.get(deploymentType.toLowerCase());
}
