import { domainOf } from './operation.ts';

/** Names on NATS, as pure functions. */

/**
 * Subject an event is published on; the stream appends the partition token.
 * @param options.restricted the data names an `audience`: consumers outside, who read by space, are not to see it
 */
export function eventSubject(
  name: string,
  spaceId: string,
  key: string,
  options: { restricted?: boolean } = {},
): string {
  return `${name}.${spaceId}${options.restricted ? RESTRICTED : ''}.${subjectToken(key)}`;
}

/** Ends the space token of events that not the whole space may see: a filter by space does not find them. */
const RESTRICTED = '-restricted';

/** The space that a subject's token names, of restricted events too. */
export function spaceOfToken(token: string): string {
  return token.endsWith(RESTRICTED) ? token.slice(0, -RESTRICTED.length) : token;
}

/** Whether an event names those who alone may see it. */
export function isRestricted(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && Array.isArray((data as { audience?: unknown }).audience)
  );
}

/** The stream of a domain. */
export function streamName(domain: string): string {
  return domain.toUpperCase();
}

/** Stream that holds what could not be done. */
export const deadLetterStream = 'DEAD_LETTER';

/** Subject of a dead letter. */
export function deadLetterSubject(service: string, consumer: string, spaceId: string): string {
  return `dead_letter.${service}.${consumer}.${spaceId}`;
}

/** Subject an operation is asked on. */
export function operationSubject(name: string): string {
  return `operation.${name}`;
}

/** Queue group of an operation's owner. */
export function operationQueue(name: string): string {
  return domainOf(name);
}

/** Subject of live, lossy news of a conversation. */
export function liveSubject(spaceId: string, conversationId: string): string {
  return `live.${spaceId}.${conversationId}`;
}

/** Subject of live, lossy news of a call. */
export function callSubject(spaceId: string, callId: string): string {
  return `call.${spaceId}.${callId}`;
}

/** Makes any key a single subject token: other characters than letters, digits, `_` and `-` are hex-escaped with `=`. */
export function subjectToken(key: string): string {
  return key.replaceAll(/[^0-9A-Za-z_-]/gu, (char) =>
    [...new TextEncoder().encode(char)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

/** The key that a subject token stands for; null for a token that `subjectToken` never makes. */
export function keyOfToken(token: string): string | null {
  if (!/^(?:[0-9A-Za-z_-]|=[0-9a-f]{2})+$/.test(token)) return null;
  try {
    return decodeURIComponent(token.replaceAll('=', '%'));
  } catch {
    return null;
  }
}

/** Headers of events (CloudEvents 1.0, NATS binding) and operations. */
export const headerNames = {
  eventId: 'ce-id',
  eventType: 'ce-type',
  eventSource: 'ce-source',
  eventTime: 'ce-time',
  eventSchema: 'ce-dataschema',
  eventSpecVersion: 'ce-specversion',
  eventKey: 'parley-key',
  eventSequence: 'parley-sequence',
  traceparent: 'traceparent',
  messageId: 'Nats-Msg-Id',
  principal: 'parley-principal',
  caller: 'parley-caller',
  signature: 'parley-signature',
  deadline: 'parley-deadline',
  requestId: 'parley-request-id',
  idempotencyKey: 'parley-idempotency-key',
  ifMatch: 'parley-if-match',
  status: 'parley-status',
  replayed: 'parley-replayed',
  retryAfter: 'parley-retry-after',
} as const;
