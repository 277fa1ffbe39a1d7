import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** `parley_sk_<26 characters of the id>_<43 characters of secret><8 hex digits of CRC32>`. */
const FORMAT = /^(parley_sk_([0-9a-z]{26})_([A-Za-z0-9-_]{43}))([0-9a-f]{8})$/;

export interface ParsedKey {
  keyId: string;
  secret: string;
}

/** Makes the text of a key; it is shown once and only its hash is stored. */
export function makeKey(keyId: string): { text: string; secretHash: string; lastFour: string } {
  const secret = randomBytes(32).toString('base64url');
  const head = `parley_sk_${keyId.slice('key_'.length)}_${secret}`;
  const text = `${head}${checksum(head)}`;
  return { text, secretHash: hashSecret(secret), lastFour: text.slice(-4) };
}

/** Reads a key; null for anything whose checksum is wrong, without asking anybody. */
export function parseKey(text: string): ParsedKey | null {
  const [, head, id, secret, sum] = FORMAT.exec(text) ?? [];
  if (!head || !id || !secret || sum !== checksum(head)) return null;
  return { keyId: `key_${id}`, secret };
}

/** 256 random bits need no slow hash. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export function secretMatches(secret: string, hash: string): boolean {
  const made = Buffer.from(hashSecret(secret));
  const expected = Buffer.from(hash);
  return made.length === expected.length && timingSafeEqual(made, expected);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
