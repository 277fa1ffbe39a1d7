import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import type { AccountTokenTable, IdentityTrx } from '../database.ts';

type Purpose = AccountTokenTable['purpose'];

/** Splits `<id>.<secret>`; parts that are missing are empty. */
export function splitToken(token: string): { id: string; secret: string } {
  const [id = '', secret = ''] = token.split('.');
  return { id, secret };
}

/** Draws the secret part of a token; 256 random bits need no slow hash. */
export function drawSecret(): { secret: string; hash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: hashOf(secret) };
}

/** Whether a secret has this hash, in constant time. */
export function matchesHash(secret: string, hash: string): boolean {
  const [made, expected] = [Buffer.from(hashOf(secret)), Buffer.from(hash)];
  return made.length === expected.length && timingSafeEqual(made, expected);
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Tokens that go by mail: they work once, and only the newest of a purpose. */
@Injectable()
export class AccountTokensRepository {
  async issue(
    trx: IdentityTrx,
    of: { accountId: string; purpose: Purpose; expiresAt: Date },
  ): Promise<string> {
    await this.deleteAll(trx, of.accountId, of.purpose);
    const id = newId('tok');
    const { secret, hash } = drawSecret();
    await trx
      .insertInto('account_token')
      .values({
        id,
        account_id: of.accountId,
        purpose: of.purpose,
        token_hash: hash,
        expires_at: of.expiresAt,
      })
      .execute();
    return `${id}.${secret}`;
  }

  /** Uses a token up; answers whose it was, null when it is wrong, used or too old. */
  async redeem(trx: IdentityTrx, token: string, purpose: Purpose): Promise<string | null> {
    const { id, secret } = splitToken(token);
    const row = await trx
      .selectFrom('account_token')
      .selectAll()
      .where('id', '=', id)
      .where('purpose', '=', purpose)
      .forUpdate()
      .executeTakeFirst();
    if (!row || !matchesHash(secret, row.token_hash)) return null;
    await trx.deleteFrom('account_token').where('id', '=', id).execute();
    return row.expires_at > new Date() ? row.account_id : null;
  }

  /** The account of a token that is still good, without using it up. */
  async accountOf(trx: IdentityTrx, token: string, purpose: Purpose): Promise<string | null> {
    const { id, secret } = splitToken(token);
    const row = await trx
      .selectFrom('account_token')
      .selectAll()
      .where('id', '=', id)
      .where('purpose', '=', purpose)
      .executeTakeFirst();
    if (!row || row.expires_at <= new Date() || !matchesHash(secret, row.token_hash)) return null;
    return row.account_id;
  }

  async deleteAll(trx: IdentityTrx, accountId: string, purpose: Purpose): Promise<void> {
    await trx
      .deleteFrom('account_token')
      .where('account_id', '=', accountId)
      .where('purpose', '=', purpose)
      .execute();
  }
}
