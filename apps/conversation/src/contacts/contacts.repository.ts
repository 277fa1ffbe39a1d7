import { Injectable } from '@nestjs/common';
import type { Insertable, Selectable } from 'kysely';
import type { ContactIdentityTable, ContactRow, ContactTable, ConversationTrx } from '../database.ts';

export type IdentityRow = Selectable<ContactIdentityTable>;

@Injectable()
export class ContactsRepository {
  async insert(trx: ConversationTrx, rows: readonly Insertable<ContactTable>[]): Promise<ContactRow[]> {
    if (rows.length === 0) return [];
    return trx
      .insertInto('contact')
      .values([...rows])
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .execute();
  }

  async find(trx: ConversationTrx, spaceId: string, id: string): Promise<ContactRow | undefined> {
    return trx
      .selectFrom('contact')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async findMany(trx: ConversationTrx, spaceId: string, ids: readonly string[]): Promise<ContactRow[]> {
    if (ids.length === 0) return [];
    return trx
      .selectFrom('contact')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', 'in', [...ids])
      .execute();
  }

  async list(
    trx: ConversationTrx,
    filter: { spaceId: string; limit: number; before: string | null; q?: string | undefined },
  ): Promise<ContactRow[]> {
    let query = trx.selectFrom('contact').selectAll().where('space_id', '=', filter.spaceId);
    if (filter.before) query = query.where('id', '<', filter.before);
    if (filter.q) query = query.where('name', 'ilike', `%${filter.q.replaceAll(/[\\%_]/g, '\\$&')}%`);
    return query
      .orderBy('id', 'desc')
      .limit(filter.limit + 1)
      .execute();
  }

  async update(
    trx: ConversationTrx,
    row: ContactRow,
    change: { name?: string | null; attributes?: string; metadata?: string },
  ): Promise<ContactRow> {
    return trx
      .updateTable('contact')
      .set({ ...change, updated_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** Claims identities for contacts; those that somebody has already are left and come back by `identitiesOf`. */
  async claimIdentities(
    trx: ConversationTrx,
    rows: readonly Insertable<ContactIdentityTable>[],
  ): Promise<IdentityRow[]> {
    if (rows.length === 0) return [];
    return trx
      .insertInto('contact_identity')
      .values([...rows])
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .execute();
  }

  async findIdentities(
    trx: ConversationTrx,
    channelIds: readonly string[],
    values: readonly string[],
  ): Promise<IdentityRow[]> {
    return trx
      .selectFrom('contact_identity')
      .selectAll()
      .where('channel_id', 'in', [...channelIds])
      .where('value', 'in', [...values])
      .execute();
  }

  async identitiesOf(
    trx: ConversationTrx,
    spaceId: string,
    contactIds: readonly string[],
  ): Promise<IdentityRow[]> {
    if (contactIds.length === 0) return [];
    return trx
      .selectFrom('contact_identity')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('contact_id', 'in', [...contactIds])
      .execute();
  }
}
