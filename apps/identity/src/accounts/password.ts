import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Argon2id with 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const derive = promisify(argon2);

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await derive('argon2id', { message: password, nonce, ...COST });
  return `argon2id.${COST.memory}.${COST.passes}.${nonce.toString('base64url')}.${tag.toString('base64url')}`;
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, memory, passes, nonce, tag] = stored.split('.');
  if (!memory || !passes || !nonce || !tag) return false;
  const cost = { ...COST, memory: Number(memory), passes: Number(passes) };
  const made = await derive('argon2id', {
    message: password,
    nonce: Buffer.from(nonce, 'base64url'),
    ...cost,
  });
  const expected = Buffer.from(tag, 'base64url');
  return made.length === expected.length && timingSafeEqual(made, expected);
}

/** A hash that no password has: an unknown e-mail costs the same work as a wrong password. */
export const NOBODY = `argon2id.${COST.memory}.${COST.passes}.${Buffer.alloc(16).toString('base64url')}.${Buffer.alloc(32).toString('base64url')}`;
