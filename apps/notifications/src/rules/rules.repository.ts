import { Injectable } from '@nestjs/common';
import type { MemberRow, NewRuleRow, NotificationTrx, Page, RuleEvent, RuleRow } from '../database.ts';

@Injectable()
export class RulesRepository {
  async insert(trx: NotificationTrx, row: NewRuleRow): Promise<RuleRow> {
    return trx.insertInto('rule').values(row).returningAll().executeTakeFirstOrThrow();
  }

  async list(trx: NotificationTrx, spaceId: string, page: Page): Promise<RuleRow[]> {
    let query = trx.selectFrom('rule').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async findByEvent(trx: NotificationTrx, spaceId: string, event: RuleEvent): Promise<RuleRow[]> {
    return trx
      .selectFrom('rule')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('event', '=', event)
      .orderBy('id')
      .execute();
  }

  /** Records that a space receives a default rule. @returns false if it has received the rule before */
  async claimDefault(trx: NotificationTrx, spaceId: string, event: RuleEvent): Promise<boolean> {
    const row = await trx
      .insertInto('default_rule')
      .values({ space_id: spaceId, event })
      .onConflict((conflict) => conflict.columns(['space_id', 'event']).doNothing())
      .returning('event')
      .executeTakeFirst();
    return row !== undefined;
  }

  async update(
    trx: NotificationTrx,
    where: { spaceId: string; id: string },
    change: Partial<NewRuleRow>,
  ): Promise<RuleRow | undefined> {
    return trx
      .updateTable('rule')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', where.spaceId)
      .where('id', '=', where.id)
      .returningAll()
      .executeTakeFirst();
  }

  async delete(trx: NotificationTrx, spaceId: string, id: string): Promise<boolean> {
    const row = await trx
      .deleteFrom('rule')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .returning('id')
      .executeTakeFirst();
    return row !== undefined;
  }

  async saveMember(trx: NotificationTrx, row: MemberRow): Promise<void> {
    const { name, email, role, email_verified } = row;
    await trx
      .insertInto('member')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['space_id', 'account_id']).doUpdateSet({ name, email, role, email_verified }),
      )
      .execute();
  }

  async removeMember(trx: NotificationTrx, spaceId: string, accountId: string): Promise<void> {
    await trx
      .deleteFrom('member')
      .where('space_id', '=', spaceId)
      .where('account_id', '=', accountId)
      .execute();
  }

  async findMembersByRole(
    trx: NotificationTrx,
    spaceId: string,
    roles: readonly string[],
  ): Promise<MemberRow[]> {
    if (roles.length === 0) return [];
    return trx
      .selectFrom('member')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('role', 'in', [...roles])
      .orderBy('account_id')
      .execute();
  }
}
