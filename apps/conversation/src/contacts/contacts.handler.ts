import { Controller } from '@nestjs/common';
import {
  conflict,
  createContact,
  getContact,
  listContacts,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  updateContact,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { cursorOf, page } from '../access.ts';
import type { ContactRow, Tables } from '../database.ts';
import { ContactsRepository, type IdentityRow } from './contacts.repository.ts';

type Context = OperationContext<Tables>;
type Contact = OperationOutput<typeof getContact>;

/** Identities that belong to no channel stand under this one. */
const NO_CHANNEL = '';

function toContact(row: ContactRow, identities: readonly IdentityRow[]): Contact {
  return {
    id: row.id,
    name: row.name,
    identities: identities
      .filter((one) => one.contact_id === row.id)
      .map((one) => ({
        type: one.type,
        value: one.value,
        channelId: one.channel_id === NO_CHANNEL ? null : one.channel_id,
      })),
    attributes: row.attributes as Contact['attributes'],
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Contact['metadata'],
  };
}

@Controller()
export class ContactsHandler {
  constructor(private readonly contacts: ContactsRepository) {}

  @HandleOperation(createContact)
  async create(input: OperationInput<typeof createContact>, { trx }: Context): Promise<Contact> {
    const { spaceId } = input;
    const [row] = await this.contacts.insert(trx, [
      {
        space_id: spaceId,
        id: newId('cont'),
        name: input.name ?? null,
        attributes: JSON.stringify(input.attributes ?? {}),
        metadata: JSON.stringify(input.metadata ?? {}),
      },
    ]);
    if (!row) throw new Error('A contact could not be made.');
    const identities = input.identities.map(({ type, value, channelId }) => ({
      space_id: spaceId,
      channel_id: channelId ?? NO_CHANNEL,
      type,
      value,
      contact_id: row.id,
    }));
    const claimed = await this.contacts.claimIdentities(trx, identities);
    if (claimed.length !== identities.length)
      throw conflict('One of the identities belongs to another contact.', 'identity_taken');
    return toContact(row, claimed);
  }

  @HandleOperation(listContacts)
  async list(
    input: OperationInput<typeof listContacts>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listContacts>> {
    const { spaceId, limit, q } = input;
    const rows = await this.contacts.list(trx, { spaceId, limit, before: cursorOf(input.cursor), q });
    const identities = await this.contacts.identitiesOf(
      trx,
      spaceId,
      rows.map(({ id }) => id),
    );
    return page(rows, limit, (row) => toContact(row, identities));
  }

  @HandleOperation(getContact)
  async get(input: OperationInput<typeof getContact>, { trx }: Context): Promise<Contact> {
    const row = await this.contacts.find(trx, input.spaceId, input.contactId);
    if (!row) throw notFound('The contact');
    return toContact(row, await this.contacts.identitiesOf(trx, input.spaceId, [row.id]));
  }

  @HandleOperation(updateContact)
  async update(input: OperationInput<typeof updateContact>, { trx }: Context): Promise<Contact> {
    const row = await this.contacts.find(trx, input.spaceId, input.contactId);
    if (!row) throw notFound('The contact');
    const { name, attributes, metadata } = input;
    const changed = await this.contacts.update(trx, row, {
      ...(name === undefined ? {} : { name }),
      ...(attributes ? { attributes: JSON.stringify(attributes) } : {}),
      ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
    });
    return toContact(changed, await this.contacts.identitiesOf(trx, input.spaceId, [row.id]));
  }
}
