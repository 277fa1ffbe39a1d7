import { truncate } from '@parley/text';
import { Secret } from '../secrets/secret.ts';

const MASK = '***';
const MAX_DEPTH = 6;
const MAX_ITEMS = 50;
const MAX_TEXT = 4_000;

// Names are compared without case and separators: api_key, apiKey and API-KEY are one.
const SECRET_NAMES = new Set(
  (
    'password passwd pwd secret token authorization cookie setcookie apikey xapikey accesstoken refreshtoken visitortoken ' +
    'participanttoken webhooksecret clientsecret authtoken privatekey masterkey credentials credential signature hmac ' +
    'idempotencykey totp otp databaseurl natspassword smtpurl'
  ).split(' '),
);
// What people say and how they are reached is payload, never a log field.
const PERSONAL_NAMES = new Set(
  (
    'text parts body html markdown content message messages transcript quote answer question instructions greeting ' +
    'phone phonenumber phonenumbers from to email address displayname contactname identities dtmf digits prompt'
  ).split(' '),
);

const SHAPES: readonly [RegExp, string][] = [
  [/\bparley_[a-z]{2,8}_[\w-]+/g, 'parley_***'],
  [/\bwhsec_[A-Za-z0-9+/=]+/g, 'whsec_***'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***'],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, 'eyJ***'],
  [/\b(sk|pk|rk|xox[abp]|ghp|AKIA)[-_][\w-]{8,}/g, '$1-***'],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/:@]*:[^\s@]*@/gi, '$1***@'],
  [/((?:password|passwd|secret|token|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&}]+/gi, '$1***'],
  [/(?<![\w.:-])\+\d[\d ().-]{6,16}\d(?![\w:-])/g, '+***'],
  [/\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g, '***@***'],
];

/** Masks what looks like a credential, a phone number or a mail address inside a text. */
export function redactText(text: string): string {
  const short = text.length > MAX_TEXT ? `${truncate(text, MAX_TEXT)} (${text.length} characters)` : text;
  return SHAPES.reduce((masked, [shape, mask]) => masked.replace(shape, mask), short);
}

/** A copy of a log entry's fields in which secrets, personal data and whatever has their shape are masked. */
export function redactEntry(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, redactField(name, value, 0)]),
  );
}

function redactField(name: string, value: unknown, depth: number): unknown {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  const hidden = SECRET_NAMES.has(plain) || PERSONAL_NAMES.has(plain);
  return hidden && value !== null && value !== undefined ? MASK : redactValue(value, depth);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) return MASK;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (depth >= MAX_DEPTH) return '…';
  return redactCollection(value, depth);
}

function redactCollection(value: object, depth: number): unknown {
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => redactValue(item, depth + 1));
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([name, item]) => [name, redactField(name, item, depth + 1)]));
}

// The fields an error is known by; a driver's `detail`, `where` and `parameters` quote rows, so they stay out.
function redactError(error: Error & { code?: unknown; status?: unknown }, depth: number): unknown {
  return {
    type: error.name,
    message: redactText(error.message),
    ...(error.code === undefined ? {} : { code: String(error.code) }),
    ...(error.status === undefined ? {} : { status: error.status }),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined || depth >= MAX_DEPTH
      ? {}
      : { cause: redactValue(error.cause, depth + 1) }),
  };
}
