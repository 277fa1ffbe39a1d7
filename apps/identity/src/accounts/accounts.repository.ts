import { Injectable } from '@nestjs/common';
import type { Role } from '@parley/contracts';
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
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

  /** An account whose password does not change until the transaction ends. */
  async lock(trx: IdentityTrx, id: string): Promise<AccountRow | undefined> {
    return trx.selectFrom('account').selectAll().where('id', '=', id).forShare().executeTakeFirst();
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

  async updateSession(trx: IdentityTrx, id: string, change: Updateable<SessionTable>): Promise<void> {
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

  async markVerified(trx: IdentityTrx, id: string): Promise<AccountRow> {
    return trx
      .updateTable('account')
      .set({ email_verified: true })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async setPassword(trx: IdentityTrx, id: string, passwordHash: string): Promise<AccountRow> {
    return trx
      .updateTable('account')
      .set({ password_hash: passwordHash })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** Sessions of an account that have not ended, the newest first. */
  async listSessions(
    trx: IdentityTrx,
    accountId: string,
    page: { limit: number; before: string | null },
  ): Promise<SessionRow[]> {
    let query = trx
      .selectFrom('session')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('expires_at', '>', new Date());
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  /** Ends all sessions of an account but one; answers the ids of those that ended. */
  async deleteSessions(trx: IdentityTrx, accountId: string, butId: string | null): Promise<string[]> {
    let query = trx.deleteFrom('session').where('account_id', '=', accountId);
    if (butId) query = query.where('id', '!=', butId);
    const rows = await query.returning('id').execute();
    return rows.map(({ id }) => id);
  }
}
