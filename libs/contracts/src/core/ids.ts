const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** Characters of an id that are its time. */
const TIME_LENGTH = 10;

/** Every prefix an opaque id may carry; the part behind the underscore is time-ordered. */
export const idPrefixes = [
  'space',
  'acc',
  'key',
  'room',
  'conv',
  'part',
  'mem',
  'msg',
  'cont',
  'chan',
  'phone',
  'trunk',
  'call',
  'agent',
  'flow',
  'ver',
  'run',
  'kb',
  'doc',
  'pass',
  'asset',
  'fold',
  'rule',
  'ntf',
  'evt',
  'dlv',
  'whk',
  'req',
  'task',
  'vis',
  'inv',
  'aud',
  'tok',
  'mail',
] as const;

/** One of the known id prefixes. */
export type IdPrefix = (typeof idPrefixes)[number];

/**
 * Draws a new id: prefix, underscore, 26 characters of Crockford base32 (lower case).
 * 48 bits of Unix milliseconds lead, 82 random bits follow, so ids of one prefix sort by time.
 * @param now Unix milliseconds; given only by tests and data builders.
 */
export function newId(prefix: IdPrefix, now: number = Date.now()): string {
  return `${prefix}_${encodeTime(now)}${encodeRandom()}`;
}

/** What every id of a prefix sorts behind that is drawn at this time or later. `now` is in Unix milliseconds. */
export function firstIdAt(prefix: IdPrefix, now: number): string {
  return `${prefix}_${encodeTime(Math.max(0, Math.floor(now)))}`;
}

/** When an id was drawn, in Unix milliseconds. */
export function timeOfId(id: string): number {
  const start = id.indexOf('_') + 1;
  let time = 0;
  for (let index = start; index < start + TIME_LENGTH; index += 1)
    time = time * 32 + Math.max(0, ALPHABET.indexOf(id.charAt(index)));
  return time;
}

function encodeTime(now: number): string {
  let rest = now;
  let text = '';
  for (let index = 0; index < TIME_LENGTH; index += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function encodeRandom(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte % 32)).join('');
}

/** A pattern for an id of one prefix: 26 lower-case characters or digits behind the underscore. */
export function idPattern(prefix: IdPrefix): RegExp {
  return new RegExp(`^${prefix}_[0-9a-z]{1,40}$`);
}
