import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const LIFE_MS = 60_000;

const GrantSchema = z.object({
  channelId: z.string(),
  callSid: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  from: z.string(),
  to: z.string(),
  callId: z.string().nullable(),
});
const SealedSchema = z.object({ ...GrantSchema.shape, expires: z.number() });

/** What a media stream may carry: one call of a carrier. */
export type StreamGrant = z.infer<typeof GrantSchema>;

/**
 * A token that lets the media stream of one call in within a minute. Nothing is stored: who holds the channel's
 * credentials can check it, and telephony starts each of a carrier's calls once.
 */
export function issueStreamToken(grant: StreamGrant, authToken: string, now = Date.now()): string {
  const claims = Buffer.from(JSON.stringify({ ...grant, expires: now + LIFE_MS })).toString('base64url');
  return `${claims}.${sign(claims, authToken)}`;
}

/** What a token grants; null for one that is wrong, too old, or another call's. */
export function readStreamToken(
  token: string,
  of: { channelId: string; callSid: string; authToken: string },
  now = Date.now(),
): StreamGrant | null {
  const [claims = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || !same(signature, sign(claims, of.authToken))) return null;
  const { expires, ...grant } = SealedSchema.parse(JSON.parse(Buffer.from(claims, 'base64url').toString()));
  const isMeant = grant.channelId === of.channelId && grant.callSid === of.callSid;
  return isMeant && now < expires ? grant : null;
}

/** The auth token signs webhooks, too: tokens are signed with a key of their own, derived from it. */
function sign(claims: string, authToken: string): string {
  const key = createHmac('sha256', authToken).update('parley media stream').digest();
  return createHmac('sha256', key).update(claims).digest('base64url');
}

function same(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
