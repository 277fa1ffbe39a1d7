import { Injectable } from '@nestjs/common';
import { insertRows } from '@parley/database';
import { type Selectable, sql } from 'kysely';
import type { ContactAddressTable, ContactIdentityTable, ConversationTrx } from '../database.ts';
import type { Address } from './addresses.ts';

export type IdentityRow = Selectable<ContactIdentityTable>;
export type AddressRow = Omit<Selectable<ContactAddressTable>, 'created_at'>;
export type IdentityKey = Omit<IdentityRow, 'contact_id'>;
export type AddressKey = Pick<AddressRow, 'space_id' | 'type' | 'value'>;

/** An identity or address with the name of its contact. */
export type WithContactName<Row> = Row & { name: string | null };

/** Channel id of identities without a channel. */
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

/** Provider ids, unique in their channel, and addresses, unique in the space. */
@Injectable()
export class IdentitiesRepository {
  /** Claims identities for contacts. @returns the claimed ones, without those that are taken */
  async claimIdentities(trx: ConversationTrx, rows: readonly IdentityRow[]): Promise<IdentityRow[]> {
    if (rows.length === 0) return [];
    const { rows: claimed } = await sql<IdentityRow>`
      ${insertRows('contact_identity', identityColumns, rows)} ON CONFLICT DO NOTHING RETURNING *`.execute(
      trx,
    );
    return claimed;
  }

  /** Claims addresses for contacts. @returns the claimed ones, without those that are taken */
  async claimAddresses(trx: ConversationTrx, rows: readonly AddressRow[]): Promise<AddressRow[]> {
    if (rows.length === 0) return [];
    const { rows: claimed } = await sql<AddressRow>`
      ${insertRows('contact_address', addressColumns, rows)} ON CONFLICT DO NOTHING RETURNING *`.execute(trx);
    return claimed;
  }

  async findIdentities(
    trx: ConversationTrx,
    keys: readonly IdentityKey[],
  ): Promise<(WithContactName<IdentityRow> & { created_at: Date })[]> {
    if (keys.length === 0) return [];
    const { rows } = await sql<WithContactName<IdentityRow> & { created_at: Date }>`
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

  async findAddresses(
    trx: ConversationTrx,
    keys: readonly AddressKey[],
  ): Promise<WithContactName<AddressRow>[]> {
    if (keys.length === 0) return [];
    const { rows } = await sql<WithContactName<AddressRow>>`
      SELECT contact_address.*, contact.name FROM contact_address
      JOIN unnest(
        ${keys.map((key) => key.space_id)}::text[], ${keys.map((key) => key.type)}::text[], ${keys.map((key) => key.value)}::text[]
      ) AS given (space_id, type, value) USING (space_id, type, value)
      JOIN contact ON contact.space_id = contact_address.space_id AND contact.id = contact_address.contact_id`.execute(
      trx,
    );
    return rows;
  }

  async listIdentities(
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

  async listAddresses(
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
    contact: { spaceId: string; contactId: string },
    { type, value }: Address,
  ): Promise<boolean> {
    const row = await trx
      .deleteFrom('contact_address')
      .where('space_id', '=', contact.spaceId)
      .where('contact_id', '=', contact.contactId)
      .where('type', '=', type)
      .where('value', '=', value)
      .returning('value')
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Lists a page of identities in the form used before addresses existed, oldest contacts first. */
  async listUnnormalized(
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
