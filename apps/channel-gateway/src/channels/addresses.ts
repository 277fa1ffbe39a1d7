import type { GatewayConfig } from '../config.ts';

/** Where providers reach the gateway, without a slash at its end; null while nobody has said. */
export function publicBase({ PUBLIC_URL }: GatewayConfig): string | null {
  return PUBLIC_URL ? PUBLIC_URL.replace(/\/+$/, '') : null;
}

/** The path of a channel's webhook. */
export function webhookPath(provider: string, channelId: string): string {
  return `/api/v1/webhooks/${provider}/${channelId}`;
}
