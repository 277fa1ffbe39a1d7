import { Injectable } from '@nestjs/common';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { IdentityTrx, SigningKeyTable } from '../database.ts';

/** The longest life of a token (a visitor's): a retired key is believed until its last one has ended. */
const LONGEST_TOKEN_MS = 366 * 86_400_000;

export type SigningKeyRow = Selectable<SigningKeyTable>;

@Injectable()
export class SigningKeysRepository {
  /** Two processes that rotate together make one key. */
  async lock(trx: IdentityTrx): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(7246002)`.execute(trx);
  }

  /** Keys whose tokens are believed, the newest first. */
  async valid(trx: IdentityTrx): Promise<SigningKeyRow[]> {
    return trx
      .selectFrom('signing_key')
      .selectAll()
      .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', new Date())]))
      .orderBy('id', 'desc')
      .execute();
  }

  async insert(trx: IdentityTrx, row: Insertable<SigningKeyTable>): Promise<void> {
    await trx.insertInto('signing_key').values(row).execute();
  }

  /** Lets the keys that still sign retire; what they signed is believed until it ends. */
  async retire(trx: IdentityTrx): Promise<void> {
    const expiresAt = new Date(Date.now() + LONGEST_TOKEN_MS);
    await trx
      .updateTable('signing_key')
      .set({ retired_at: new Date(), expires_at: expiresAt })
      .where('retired_at', 'is', null)
      .execute();
  }

  /** Ends the belief in every key at once, and so in every token. */
  async withdraw(trx: IdentityTrx): Promise<void> {
    const now = new Date();
    await trx.updateTable('signing_key').set({ retired_at: now, expires_at: now }).execute();
  }

  async deleteExpired(trx: IdentityTrx): Promise<void> {
    await trx.deleteFrom('signing_key').where('expires_at', '<', new Date()).execute();
  }
}
