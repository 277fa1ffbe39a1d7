import { Injectable } from '@nestjs/common';
import { insertRows } from '@parley/database';
import { type Selectable, sql } from 'kysely';
import type { ContactAddressTable, ContactIdentityTable, ConversationTrx } from '../database.ts';
import type { Address } from './addresses.ts';

export type IdentityRow = Selectable<ContactIdentityTable>;
export type AddressRow = Omit<Selectable<ContactAddressTable>, 'created_at'>;
export type IdentityKey = Omit<IdentityRow, 'contact_id'>;
export type AddressKey = Pick<AddressRow, 'space_id' | 'type' | 'value'>;

/** An identity or address with the name of the contact that has it. */
export type Named<Row> = Row & { name: string | null };

/** Identities that belong to no channel are stored under this one. */
export const NO_CHANNEL = '';

const identityColumns = {
  space_id: 'text',
  channel_id: 'text',
  type: 'text',
  value: 'text',
  contact_id: 'text',
} as const;

const addressColumns = {
  space_id: 'text',
  type: 'text',
  value: 'text',
  contact_id: 'text',
  channel_id: 'text',
} as const;

/** Provider ids, which hold in their channel, and addresses, which hold in the whole space. */
@Injectable()
export class IdentitiesRepository {
  /** Claims identities for contacts; those that are taken already are left out of the answer. */
  async claimIdentities(trx: ConversationTrx, rows: readonly IdentityRow[]): Promise<IdentityRow[]> {
    if (rows.length === 0) return [];
    const { rows: claimed } = await sql<IdentityRow>`
      ${insertRows('contact_identity', identityColumns, rows)} ON CONFLICT DO NOTHING RETURNING *`.execute(
      trx,
    );
    return claimed;
  }

  /** Claims addresses for contacts; those that are taken already are left out of the answer. */
  async claimAddresses(trx: ConversationTrx, rows: readonly AddressRow[]): Promise<AddressRow[]> {
    if (rows.length === 0) return [];
    const { rows: claimed } = await sql<AddressRow>`
      ${insertRows('contact_address', addressColumns, rows)} ON CONFLICT DO NOTHING RETURNING *`.execute(trx);
    return claimed;
  }

  async findIdentities(
    trx: ConversationTrx,
    keys: readonly IdentityKey[],
  ): Promise<(Named<IdentityRow> & { created_at: Date })[]> {
    if (keys.length === 0) return [];
    const { rows } = await sql<Named<IdentityRow> & { created_at: Date }>`
      SELECT contact_identity.*, contact.name, contact.created_at FROM contact_identity
      JOIN unnest(
        ${keys.map((key) => key.space_id)}::text[], ${keys.map((key) => key.channel_id)}::text[], ${keys.map((key) => key.type)}::text[],
        ${keys.map((key) => key.value)}::text[]
      ) AS given (space_id, channel_id, type, value) USING (space_id, channel_id, type, value)
      JOIN contact ON contact.space_id = contact_identity.space_id AND contact.id = contact_identity.contact_id`.execute(
      trx,
    );
    return rows;
  }

  async findAddresses(trx: ConversationTrx, keys: readonly AddressKey[]): Promise<Named<AddressRow>[]> {
    if (keys.length === 0) return [];
    const { rows } = await sql<Named<AddressRow>>`
      SELECT contact_address.*, contact.name FROM contact_address
      JOIN unnest(
        ${keys.map((key) => key.space_id)}::text[], ${keys.map((key) => key.type)}::text[], ${keys.map((key) => key.value)}::text[]
      ) AS given (space_id, type, value) USING (space_id, type, value)
      JOIN contact ON contact.space_id = contact_address.space_id AND contact.id = contact_address.contact_id`.execute(
      trx,
    );
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
      .orderBy('type')
      .orderBy('value')
      .execute();
  }

  async addressesOf(
    trx: ConversationTrx,
    spaceId: string,
    contactIds: readonly string[],
  ): Promise<AddressRow[]> {
    if (contactIds.length === 0) return [];
    return trx
      .selectFrom('contact_address')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('contact_id', 'in', [...contactIds])
      .orderBy('type')
      .orderBy('value')
      .execute();
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

  async deleteAddress(
    trx: ConversationTrx,
    of: { spaceId: string; contactId: string },
    { type, value }: Address,
  ): Promise<boolean> {
    const row = await trx
      .deleteFrom('contact_address')
      .where('space_id', '=', of.spaceId)
      .where('contact_id', '=', of.contactId)
      .where('type', '=', type)
      .where('value', '=', value)
      .returning('value')
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Identities of the form from before there were addresses, after one of them, the ones of old contacts first. */
  async unnormalized(
    trx: ConversationTrx,
    spaceId: string,
    page: { after: IdentityRow | null; limit: number },
  ): Promise<IdentityRow[]> {
    const { after, limit } = page;
    const { rows } = await sql<IdentityRow>`
      SELECT * FROM contact_identity
      WHERE space_id = ${spaceId} AND type IN ('phone', 'email', 'whatsapp') AND (
        ${after === null} OR (contact_id, channel_id, type, value) > (
          ${after?.contact_id ?? ''}, ${after?.channel_id ?? ''}, ${after?.type ?? ''}, ${after?.value ?? ''}))
      ORDER BY contact_id, channel_id, type, value LIMIT ${limit}`.execute(trx);
    return rows;
  }
}
