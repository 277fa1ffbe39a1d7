import { Injectable } from '@nestjs/common';
import type { Insertable, Selectable } from 'kysely';
import type {
  AuditEntryTable,
  IdentityTrx,
  MembershipRow,
  MembershipTable,
  SpaceRow,
  SpaceTable,
} from '../database.ts';

@Injectable()
export class SpacesRepository {
  async insert(trx: IdentityTrx, row: Insertable<SpaceTable>): Promise<SpaceRow> {
    return trx.insertInto('space').values(row).returningAll().executeTakeFirstOrThrow();
  }

  async find(trx: IdentityTrx, spaceId: string): Promise<SpaceRow | undefined> {
    return trx.selectFrom('space').selectAll().where('space_id', '=', spaceId).executeTakeFirst();
  }

  async findMany(trx: IdentityTrx, ids: readonly string[]): Promise<SpaceRow[]> {
    if (ids.length === 0) return [];
    return trx
      .selectFrom('space')
      .selectAll()
      .where('space_id', 'in', [...ids])
      .orderBy('space_id', 'desc')
      .execute();
  }

  async update(
    trx: IdentityTrx,
    spaceId: string,
    change: { name?: string; settings?: string; metadata?: string },
  ): Promise<SpaceRow> {
    return trx
      .updateTable('space')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** Inserts a member; undefined when the account is one already. */
  async insertMember(trx: IdentityTrx, row: Insertable<MembershipTable>): Promise<MembershipRow | undefined> {
    return trx
      .insertInto('membership')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
  }

  async findMember(trx: IdentityTrx, spaceId: string, accountId: string): Promise<MembershipRow | undefined> {
    return trx
      .selectFrom('membership')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('account_id', '=', accountId)
      .executeTakeFirst();
  }

  async listMembers(
    trx: IdentityTrx,
    spaceId: string,
    page: { limit: number; before: string | null },
  ): Promise<MembershipRow[]> {
    let query = trx.selectFrom('membership').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  /** All owners and the wanted member, locked: so that the last owner cannot leave twice at once. */
  async lockMembers(trx: IdentityTrx, spaceId: string, accountId: string): Promise<MembershipRow[]> {
    return trx
      .selectFrom('membership')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where((where) => where.or([where('account_id', '=', accountId), where('role', '=', 'owner')]))
      .orderBy('account_id')
      .forUpdate()
      .execute();
  }

  /** A member, who cannot be removed or changed until the transaction ends. */
  async lockToGrant(
    trx: IdentityTrx,
    spaceId: string,
    accountId: string,
  ): Promise<MembershipRow | undefined> {
    return trx
      .selectFrom('membership')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('account_id', '=', accountId)
      .forShare()
      .executeTakeFirst();
  }

  /** Whether an address belongs to a member. */
  async hasMember(trx: IdentityTrx, spaceId: string, email: string): Promise<boolean> {
    const row = await trx
      .selectFrom('membership')
      .select('id')
      .where('space_id', '=', spaceId)
      .where('email', '=', email)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Whether one of a space's owners has verified the e-mail address. */
  async hasVerifiedOwner(trx: IdentityTrx, spaceId: string): Promise<boolean> {
    const row = await trx
      .selectFrom('membership')
      .innerJoin('account', 'account.id', 'membership.account_id')
      .select('membership.id')
      .where('membership.space_id', '=', spaceId)
      .where('membership.role', '=', 'owner')
      .where('account.email_verified', '=', true)
      .executeTakeFirst();
    return row !== undefined;
  }

  async updateMember(
    trx: IdentityTrx,
    row: MembershipRow,
    role: MembershipRow['role'],
  ): Promise<MembershipRow> {
    return trx
      .updateTable('membership')
      .set({ role, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('account_id', '=', row.account_id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async deleteMember(trx: IdentityTrx, row: MembershipRow): Promise<void> {
    await trx
      .deleteFrom('membership')
      .where('space_id', '=', row.space_id)
      .where('account_id', '=', row.account_id)
      .execute();
  }

  async insertAudit(trx: IdentityTrx, row: Insertable<AuditEntryTable>): Promise<void> {
    await trx.insertInto('audit_entry').values(row).execute();
  }

  async listAudit(
    trx: IdentityTrx,
    spaceId: string,
    page: { limit: number; before: string | null },
  ): Promise<Selectable<AuditEntryTable>[]> {
    let query = trx.selectFrom('audit_entry').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }
}
