import { Injectable } from '@nestjs/common';
import { tooManyRequests } from '@parley/contracts';
import { Database, sleep } from '@parley/database';
import type { Tables } from '../database.ts';
import { SignInFailuresRepository } from './sign-in-failures.repository.ts';

/** Wrong passwords for one account from one network within the window. */
const FAILURE_LIMIT = 10;
const WINDOW_SECONDS = 900;
/** Wrong passwords for one account from all networks, after which attempts from strange networks are slowed down. */
const SLOW_FROM = 30;
const SLOW_MS = 1000;
/** Slowed attempts in flight, for one account and for all: more would hold up the service. */
const SLOWED_PER_ACCOUNT = 4;
const SLOWED = 32;

/**
 * Counts wrong passwords by account and network. A network that has too many is locked out for this account until its window
 * ends; nobody else is, and further attempts do not make it longer. Guesses from many networks are slowed down, except from
 * networks in which the account has a session.
 */
@Injectable()
export class SignInGuardService {
  private readonly slowed = new Map<string, number>();
  private slowedInAll = 0;

  constructor(
    private readonly database: Database<Tables>,
    private readonly failures: SignInFailuresRepository,
  ) {}

  /**
   * Counts an attempt before its password is checked: guesses that come at once count, too.
   * @throws ProblemError 429
   */
  async admit(email: string, network: string, options: { trusted?: boolean } = {}): Promise<void> {
    const counted = await this.database.withSpaces([], (trx) =>
      this.failures.count(trx, { email, network, windowSeconds: WINDOW_SECONDS, limit: FAILURE_LIMIT }),
    );
    if (counted.failures > FAILURE_LIMIT) {
      const seconds = Math.max(1, Math.ceil((counted.endsAt.getTime() - Date.now()) / 1000));
      throw tooManyRequests(
        'Too many wrong passwords for this e-mail from your address. Wait, or set a new password with POST /auth/reset.',
        seconds,
      );
    }
    if (counted.inAll > SLOW_FROM && !options.trusted && !counted.known) await this.slowDown(email);
  }

  /** Forgets the attempts of a network that knew the password. */
  async succeeded(email: string, network: string): Promise<void> {
    await this.database.withSpaces([], (trx) => this.failures.forget(trx, email, network));
  }

  private async slowDown(email: string): Promise<void> {
    const own = this.slowed.get(email) ?? 0;
    if (own >= SLOWED_PER_ACCOUNT || this.slowedInAll >= SLOWED)
      throw tooManyRequests('Many sign-ins are tried for this e-mail at this moment. Try again.', 2);
    this.slowed.set(email, own + 1);
    this.slowedInAll += 1;
    try {
      await sleep(SLOW_MS);
    } finally {
      this.slowedInAll -= 1;
      const left = (this.slowed.get(email) ?? 1) - 1;
      if (left > 0) this.slowed.set(email, left);
      else this.slowed.delete(email);
    }
  }
}
