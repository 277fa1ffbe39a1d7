import { Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import type { IdentityTrx, InvitationRow, InvitationTable } from '../database.ts';

@Injectable()
export class InvitationsRepository {
  /** Inserts an invitation; undefined when one to this address is open. */
  async insert(trx: IdentityTrx, row: Insertable<InvitationTable>): Promise<InvitationRow | undefined> {
    return trx
      .insertInto('invitation')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
  }

  /** The space of an invitation: asked before any space is known. */
  async spaceOf(trx: IdentityTrx, id: string): Promise<string | null> {
    const { rows } = await sql<{ space_id: string }>`SELECT space_id FROM space_of_invitation(${id})`.execute(
      trx,
    );
    return rows[0]?.space_id ?? null;
  }

  async lock(trx: IdentityTrx, spaceId: string, id: string): Promise<InvitationRow | undefined> {
    return trx
      .selectFrom('invitation')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
  }

  async list(
    trx: IdentityTrx,
    spaceId: string,
    page: { limit: number; before: string | null },
  ): Promise<InvitationRow[]> {
    let query = trx.selectFrom('invitation').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  /** Open invitations that a member sent. */
  async openOf(trx: IdentityTrx, spaceId: string, accountId: string): Promise<InvitationRow[]> {
    return trx
      .selectFrom('invitation')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('invited_by', '=', accountId)
      .where('accepted_at', 'is', null)
      .where('revoked_at', 'is', null)
      .orderBy('id')
      .execute();
  }

  /** Ends an open invitation to an address whose time is over: another may take its place. */
  async revokeExpired(trx: IdentityTrx, spaceId: string, email: string): Promise<void> {
    await trx
      .updateTable('invitation')
      .set({ revoked_at: new Date(), updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .where('email', '=', email)
      .where('accepted_at', 'is', null)
      .where('revoked_at', 'is', null)
      .where('expires_at', '<=', new Date())
      .execute();
  }

  async renew(
    trx: IdentityTrx,
    row: InvitationRow,
    change: { token_hash: string; expires_at: Date; invited_by: string | null },
  ): Promise<InvitationRow> {
    return trx
      .updateTable('invitation')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async accept(trx: IdentityTrx, row: InvitationRow, accountId: string): Promise<void> {
    await trx
      .updateTable('invitation')
      .set({ accepted_by: accountId, accepted_at: new Date(), updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .execute();
  }

  async revoke(trx: IdentityTrx, spaceId: string, id: string): Promise<void> {
    await trx
      .updateTable('invitation')
      .set({ revoked_at: new Date(), updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .execute();
  }
}
