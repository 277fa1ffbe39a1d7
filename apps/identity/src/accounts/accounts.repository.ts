import { Injectable } from '@nestjs/common';
import type { Role } from '@parley/contracts';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { AccountRow, AccountTable, IdentityTrx, SessionTable } from '../database.ts';

export type SessionRow = Selectable<SessionTable>;

@Injectable()
export class AccountsRepository {
  /** Inserts an account; undefined when the e-mail is taken. */
  async insert(trx: IdentityTrx, row: Insertable<AccountTable>): Promise<AccountRow | undefined> {
    return trx
      .insertInto('account')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
  }

  async findByEmail(trx: IdentityTrx, email: string): Promise<AccountRow | undefined> {
    return trx.selectFrom('account').selectAll().where('email', '=', email).executeTakeFirst();
  }

  async find(trx: IdentityTrx, id: string): Promise<AccountRow | undefined> {
    return trx.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** The spaces an account belongs to: asked before any space is known. */
  async spacesOf(trx: IdentityTrx, accountId: string): Promise<{ space_id: string; role: Role }[]> {
    const { rows } = await sql<{
      space_id: string;
      role: Role;
    }>`SELECT space_id, role FROM spaces_of_account(${accountId})`.execute(trx);
    return rows;
  }

  async insertSession(trx: IdentityTrx, row: Insertable<SessionTable>): Promise<void> {
    await trx
      .deleteFrom('session')
      .where('account_id', '=', row.account_id)
      .where('expires_at', '<', new Date())
      .execute();
    await trx.insertInto('session').values(row).execute();
  }

  async lockSession(trx: IdentityTrx, id: string): Promise<SessionRow | undefined> {
    return trx.selectFrom('session').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  }

  async findSession(trx: IdentityTrx, id: string): Promise<SessionRow | undefined> {
    return trx.selectFrom('session').selectAll().where('id', '=', id).executeTakeFirst();
  }

  async hasSession(trx: IdentityTrx, id: string): Promise<boolean> {
    return (
      (await trx
        .selectFrom('session')
        .select('id')
        .where('id', '=', id)
        .where('expires_at', '>', new Date())
        .executeTakeFirst()) !== undefined
    );
  }

  async updateSession(
    trx: IdentityTrx,
    id: string,
    change: { token_hash: string; expires_at: Date },
  ): Promise<void> {
    await trx.updateTable('session').set(change).where('id', '=', id).execute();
  }

  async noteUsed(trx: IdentityTrx, sessionId: string, tokenHash: string): Promise<void> {
    await trx
      .insertInto('used_refresh_token')
      .values({ session_id: sessionId, token_hash: tokenHash })
      .execute();
  }

  async wasUsed(trx: IdentityTrx, sessionId: string, tokenHash: string): Promise<boolean> {
    const row = await trx
      .selectFrom('used_refresh_token')
      .select('session_id')
      .where('session_id', '=', sessionId)
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    return row !== undefined;
  }

  async deleteSession(trx: IdentityTrx, id: string): Promise<void> {
    await trx.deleteFrom('session').where('id', '=', id).execute();
  }

  /** Counts an attempt; answers how many there were within a quarter of an hour. */
  async countFailure(trx: IdentityTrx, email: string): Promise<number> {
    const { rows } = await sql<{ failures: number }>`
      INSERT INTO sign_in_attempt (email, failures) VALUES (${email}, 1)
      ON CONFLICT (email) DO UPDATE SET
        failures = CASE WHEN sign_in_attempt.last_at > now() - interval '15 minutes' THEN sign_in_attempt.failures + 1 ELSE 1 END, last_at = now()
      RETURNING failures`.execute(trx);
    return rows[0]?.failures ?? 1;
  }

  async forgetFailures(trx: IdentityTrx, email: string): Promise<void> {
    await trx.deleteFrom('sign_in_attempt').where('email', '=', email).execute();
  }
}
