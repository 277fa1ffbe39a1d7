import type { KnownChannel } from '../channels/channel-directory.service.ts';

/** Whether a page of this origin may open a web channel: the listed origins, else the site's own; the gateway's own always (for `/demo`). */
export function originAllowed(
  channel: KnownChannel,
  origin: string | undefined,
  own: readonly string[],
): boolean {
  if (origin === undefined) return false;
  if (own.includes(origin)) return true;
  const { allowedOrigins } = channel.configuration as { allowedOrigins?: string[] };
  if (allowedOrigins && allowedOrigins.length > 0) return allowedOrigins.includes(origin);
  return URL.canParse(channel.channelIdentifier) && new URL(channel.channelIdentifier).origin === origin;
}

/** The gateway's own origins, as a request reaches it. */
export function ownOrigins(host: string | undefined, publicUrl: string | undefined): string[] {
  const own = host ? [`http://${host}`, `https://${host}`] : [];
  return publicUrl ? [...own, new URL(publicUrl).origin] : own;
}
