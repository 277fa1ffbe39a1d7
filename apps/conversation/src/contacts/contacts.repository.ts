import { Injectable } from '@nestjs/common';
import { insertRows } from '@parley/database';
import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely';
import type { ContactIdentityTable, ContactRow, ContactTable, ConversationTrx } from '../database.ts';

export type IdentityRow = Selectable<ContactIdentityTable>;

const identityColumns = {
  space_id: 'text',
  channel_id: 'text',
  type: 'text',
  value: 'text',
  contact_id: 'text',
} as const;

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
    if (filter.q) query = query.where(mentions(filter.q));
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

  async lock(trx: ConversationTrx, spaceId: string, ids: readonly string[]): Promise<ContactRow[]> {
    return trx
      .selectFrom('contact')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', 'in', [...ids])
      .orderBy('id')
      .forUpdate()
      .execute();
  }

  /** Forgets a contact and its identities. */
  async delete(trx: ConversationTrx, row: ContactRow): Promise<void> {
    await trx
      .deleteFrom('contact_identity')
      .where('space_id', '=', row.space_id)
      .where('contact_id', '=', row.id)
      .execute();
    await trx.deleteFrom('contact').where('space_id', '=', row.space_id).where('id', '=', row.id).execute();
  }

  async deleteIdentity(
    trx: ConversationTrx,
    row: Omit<IdentityRow, 'type'> & { type: string },
  ): Promise<boolean> {
    const { rows } = await sql`
      DELETE FROM contact_identity
      WHERE space_id = ${row.space_id} AND contact_id = ${row.contact_id} AND channel_id = ${row.channel_id}
        AND type = ${row.type} AND value = ${row.value}
      RETURNING value`.execute(trx);
    return rows.length > 0;
  }

  /** Claims identities for contacts; those that somebody has already are left and come back by `identitiesOf`. */
  async claimIdentities(
    trx: ConversationTrx,
    rows: readonly Insertable<ContactIdentityTable>[],
  ): Promise<IdentityRow[]> {
    if (rows.length === 0) return [];
    const { rows: claimed } = await sql<IdentityRow>`
      ${insertRows('contact_identity', identityColumns, rows)} ON CONFLICT DO NOTHING RETURNING *`.execute(
      trx,
    );
    return claimed;
  }

  async findIdentities(
    trx: ConversationTrx,
    keys: readonly Omit<IdentityRow, 'contact_id'>[],
  ): Promise<IdentityRow[]> {
    const { rows } = await sql<IdentityRow>`
      SELECT contact_identity.* FROM contact_identity
      JOIN unnest(
        ${keys.map((key) => key.space_id)}::text[], ${keys.map((key) => key.channel_id)}::text[], ${keys.map((key) => key.type)}::text[],
        ${keys.map((key) => key.value)}::text[]
      ) AS given (space_id, channel_id, type, value) USING (space_id, channel_id, type, value)`.execute(trx);
    return rows;
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

/** Contacts whose name holds these words, or with an identity that does. */
function mentions(words: string): RawBuilder<boolean> {
  const pattern = `%${words.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`(name ILIKE ${pattern} OR EXISTS (
    SELECT FROM contact_identity i
    WHERE i.space_id = contact.space_id AND i.contact_id = contact.id AND i.value ILIKE ${pattern}))`;
}
