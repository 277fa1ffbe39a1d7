import { canonicalOrigin, originMatches } from '@parley/contracts';
import type { KnownChannel } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';

/** Whether a page of this origin may open a web channel: the listed origins, else the site's own; the gateway's own always (for `/demo`). */
export function originAllowed(
  channel: KnownChannel,
  origin: string | undefined,
  own: readonly string[],
): boolean {
  if (origin === undefined) return false;
  if (own.includes(origin)) return true;
  const { allowedOrigins } = channel.configuration as { allowedOrigins?: string[] };
  if (allowedOrigins && allowedOrigins.length > 0)
    return allowedOrigins.some((listed) => originMatches(listed, origin));
  return URL.canParse(channel.channelIdentifier) && new URL(channel.channelIdentifier).origin === origin;
}

/** The gateway's own origin by which a client called it: its page's, else that of its `Host`. Null where neither is one of them. */
export function ownOriginOf(
  { origin, host }: { origin?: string | undefined; host?: string | undefined },
  own: readonly string[],
): string | null {
  return own.find((one) => one === origin) ?? own.find((one) => new URL(one).host === host) ?? null;
}

/**
 * The gateway's own origins: that of `PUBLIC_URL`, else this machine's names with the gateway's port. The `Host` of a
 * request says nothing: a page whose domain was pointed at this address would be its own origin.
 */
export function ownOrigins({ PUBLIC_URL, PORT }: Pick<GatewayConfig, 'PUBLIC_URL' | 'PORT'>): string[] {
  if (PUBLIC_URL) return [new URL(PUBLIC_URL).origin];
  return ['localhost', '127.0.0.1', '[::1]'].flatMap((host) =>
    ['http', 'https'].flatMap((scheme) => canonicalOrigin(`${scheme}://${host}:${PORT}`) ?? []),
  );
}
