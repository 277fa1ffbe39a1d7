import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { parse, stringify } from 'node:querystring';

/** A request of Twilio, with the URL that Twilio called: scheme, host, path and query exactly as it wrote them. */
export interface TwilioRequest {
  url: string;
  signature: string | undefined;
  contentType: string | undefined;
  body: Buffer;
}

/** An address in the parts that a signature may or may not count; nothing is normalised. */
interface Address {
  scheme: string;
  user: string;
  host: string;
  port: string;
  rest: string;
}

/**
 * Whether a request was signed with an account's token: HMAC-SHA1 over the URL and, for forms, its parameters sorted by
 * name; a JSON body is bound by its SHA-256 in the query. Twilio signs the URL with or without its port, and some of its
 * senders sign a normalised form of it.
 * Source: https://www.twilio.com/docs/usage/security and the behaviour of the npm package twilio 6.2.0.
 */
export function verifySignature(request: TwilioRequest, authToken: string): boolean {
  const { url, signature, body } = request;
  if (!signature || !URL.canParse(url)) return false;
  const bodyHash = new URL(url).searchParams.get('bodySHA256');
  if (bodyHash !== null && !same(createHash('sha256').update(body).digest('hex'), bodyHash)) return false;
  const fields = bodyHash === null && isForm(request) ? signedFields(body.toString('utf8')) : '';
  let found = false;
  for (const candidate of candidates(url)) {
    const expected = createHmac('sha1', authToken).update(`${candidate}${fields}`, 'utf8').digest('base64');
    if (same(expected, signature)) found = true;
  }
  return found;
}

/** Forms of a URL that may have been signed. */
function candidates(url: string): Set<string> {
  const normal = new URL(url).href;
  const asReceived = [withoutPort(url), withPort(url)];
  const normalised = [withoutPort(normal), withPort(normal)];
  return new Set([...asReceived, ...normalised, ...normalised.map(withLegacyQuery)]);
}

function isForm({ contentType }: TwilioRequest): boolean {
  return contentType === undefined || /^application\/x-www-form-urlencoded\b/i.test(contentType);
}

/** Names and values of a form one after the other, sorted by name; repeated names with their distinct values sorted. */
function signedFields(text: string): string {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of new URLSearchParams(text))
    values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values.keys()]
    .sort()
    .flatMap((name) => [...(values.get(name) ?? [])].sort().map((value) => `${name}${value}`))
    .join('');
}

function addressOf(url: string): Address {
  const [whole = '', scheme = '', authority = ''] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)/i.exec(url) ?? [];
  const at = authority.lastIndexOf('@') + 1;
  const place = authority.slice(at);
  // In an IPv6 address the colon of the port stands behind the bracket.
  const colon = place.indexOf(':', place.lastIndexOf(']') + 1);
  const [host, port] = colon === -1 ? [place, ''] : [place.slice(0, colon), place.slice(colon)];
  return { scheme, user: authority.slice(0, at), host, port, rest: url.slice(whole.length) };
}

function withoutPort(url: string): string {
  const { scheme, user, host, rest } = addressOf(url);
  return `${scheme}${user}${host}${rest}`;
}

function withPort(url: string): string {
  const { scheme, user, host, port, rest } = addressOf(url);
  const usual = scheme.toLowerCase() === 'https://' ? ':443' : ':80';
  return `${scheme}${user}${host}${port.length > 1 ? port : usual}${rest}`;
}

/** The query as Node's older encoder writes it. */
function withLegacyQuery(url: string): string {
  const start = url.indexOf('?') + 1;
  return start === 0 || start === url.length ? url : url.slice(0, start) + stringify(parse(url.slice(start)));
}

function same(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
