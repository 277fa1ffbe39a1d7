import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { unavailable } from '@parley/contracts';
import { requireNoTransaction } from '@parley/database';

/** Argon2id with 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
const derive = promisify(argon2);

/** Hashes at once: half of the four threads that Node has for this, for look-ups of names and files need them, too. */
const AT_ONCE = 2;
/** Hashes that wait: what is behind them would be answered after its deadline. */
const WAITING = 200;

/** A hash that no password has: an unknown e-mail costs the same work as a wrong password. */
const NOBODY = `argon2id.${COST.memory}.${COST.passes}.${Buffer.alloc(16).toString('base64url')}.${Buffer.alloc(32).toString('base64url')}`;

/** Hashes passwords, a few at once. Each takes tens of milliseconds: never inside a transaction. */
@Injectable()
export class PasswordService {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  async hash(password: string): Promise<string> {
    const nonce = randomBytes(16);
    const tag = await this.inTurn(() => derive('argon2id', { message: password, nonce, ...COST }));
    return `argon2id.${COST.memory}.${COST.passes}.${nonce.toString('base64url')}.${tag.toString('base64url')}`;
  }

  /** Whether this is the password of a stored hash; without one the answer is no, after the same work. */
  async verify(password: string, stored: string = NOBODY): Promise<boolean> {
    const [, memory, passes, nonce, tag] = stored.split('.');
    if (!memory || !passes || !nonce || !tag) return false;
    const cost = { ...COST, memory: Number(memory), passes: Number(passes) };
    const salt = Buffer.from(nonce, 'base64url');
    const made = await this.inTurn(() => derive('argon2id', { message: password, nonce: salt, ...cost }));
    const expected = Buffer.from(tag, 'base64url');
    return made.length === expected.length && timingSafeEqual(made, expected);
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    requireNoTransaction('The hashing of a password');
    if (this.waiting.length >= WAITING)
      throw unavailable('Too many people sign in at this moment. Try again in a second.');
    if (this.running < AT_ONCE) this.running += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place is handed on, not given back, where somebody waits.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
