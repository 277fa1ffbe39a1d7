import type { ChannelAdapter } from './adapter.ts';
import { customAdapter } from './custom/custom.adapter.ts';

/** Every adapter, one line each. */
const adapters: readonly ChannelAdapter[] = [customAdapter];

const byName = new Map(adapters.map((adapter) => [adapter.name, adapter]));

export function adapterOf(provider: string): ChannelAdapter | undefined {
  return byName.get(provider);
}
