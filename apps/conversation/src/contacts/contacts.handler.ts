import { Controller } from '@nestjs/common';
import {
  addIdentity,
  conflict,
  createContact,
  cursorOf,
  deleteContact,
  getContact,
  listContacts,
  listIdentities,
  mergeContacts,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  type ProblemError,
  removeIdentity,
  unprocessable,
  updateContact,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { ContactRow, ConversationTrx, Tables } from '../database.ts';
import { ContactsRepository, type IdentityRow } from './contacts.repository.ts';
import { MergingService } from './merging.service.ts';

type Context = OperationContext<Tables>;
type Contact = OperationOutput<typeof getContact>;

/** Identities that belong to no channel stand under this one. */
const NO_CHANNEL = '';

type Identity = OperationOutput<typeof addIdentity>;

function toIdentity({ type, value, channel_id: channelId }: IdentityRow): Identity {
  return { type, value, channelId: channelId === NO_CHANNEL ? null : channelId };
}

function identityTaken(): ProblemError {
  return conflict('An identity belongs to a contact already. Merge the two contacts.', 'identity_taken');
}

function toContact(row: ContactRow, identities: readonly IdentityRow[]): Contact {
  return {
    id: row.id,
    name: row.name,
    identities: identities.filter((one) => one.contact_id === row.id).map(toIdentity),
    attributes: row.attributes as Contact['attributes'],
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Contact['metadata'],
  };
}

@Controller()
export class ContactsHandler {
  constructor(
    private readonly contacts: ContactsRepository,
    private readonly merging: MergingService,
  ) {}

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
    if (claimed.length !== identities.length) throw identityTaken();
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
    return pageOf(rows, limit, (row) => toContact(row, identities));
  }

  @HandleOperation(getContact)
  async get(input: OperationInput<typeof getContact>, { trx }: Context): Promise<Contact> {
    const row = await this.contacts.find(trx, input.spaceId, input.contactId);
    if (!row) throw notFound('The contact');
    return toContact(row, await this.contacts.identitiesOf(trx, input.spaceId, [row.id]));
  }

  @HandleOperation(updateContact)
  async update(input: OperationInput<typeof updateContact>, { trx }: Context): Promise<Contact> {
    const row = await this.lock(trx, input);
    const { name, attributes, metadata } = input;
    const changed = await this.contacts.update(trx, row, {
      ...(name === undefined ? {} : { name }),
      ...(attributes ? { attributes: JSON.stringify(attributes) } : {}),
      ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
    });
    return toContact(changed, await this.contacts.identitiesOf(trx, input.spaceId, [row.id]));
  }

  @HandleOperation(deleteContact)
  async erase(
    input: OperationInput<typeof deleteContact>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof deleteContact>> {
    await this.merging.erase(trx, await this.lock(trx, input));
    return {};
  }

  @HandleOperation(mergeContacts)
  async merge(input: OperationInput<typeof mergeContacts>, { trx }: Context): Promise<Contact> {
    const { spaceId, id, contactId } = input;
    if (id === contactId)
      throw unprocessable('A contact cannot be merged into itself.', 'same_contact', [
        { pointer: '/contactId', detail: 'names the same contact as the path' },
      ]);
    const rows = await this.contacts.lock(trx, spaceId, [id, contactId]);
    const into = rows.find((row) => row.id === id);
    const from = rows.find((row) => row.id === contactId);
    if (!into || !from) throw notFound('The contact');
    const merged = await this.merging.merge(trx, into, from);
    return toContact(merged, await this.contacts.identitiesOf(trx, spaceId, [id]));
  }

  @HandleOperation(listIdentities)
  async identities(
    input: OperationInput<typeof listIdentities>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listIdentities>> {
    const { spaceId, contactId } = input;
    if (!(await this.contacts.find(trx, spaceId, contactId))) throw notFound('The contact');
    const rows = await this.contacts.identitiesOf(trx, spaceId, [contactId]);
    return { data: rows.map(toIdentity), nextCursor: null };
  }

  @HandleOperation(addIdentity)
  async addIdentity(input: OperationInput<typeof addIdentity>, { trx }: Context): Promise<Identity> {
    const [row] = await this.contacts.claimIdentities(trx, [identityRow(await this.lock(trx, input), input)]);
    if (!row) throw identityTaken();
    return toIdentity(row);
  }

  @HandleOperation(removeIdentity)
  async removeIdentity(
    input: OperationInput<typeof removeIdentity>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof removeIdentity>> {
    if (!(await this.contacts.deleteIdentity(trx, identityRow(await this.lock(trx, input), input))))
      throw notFound('The identity');
    return {};
  }

  private async lock(
    trx: ConversationTrx,
    { spaceId, contactId }: { spaceId: string; contactId: string },
  ): Promise<ContactRow> {
    const [row] = await this.contacts.lock(trx, spaceId, [contactId]);
    if (!row) throw notFound('The contact');
    return row;
  }
}

function identityRow<Type extends string>(
  contact: ContactRow,
  { type, value, channelId }: { type: Type; value: string; channelId?: string | undefined },
) {
  return {
    space_id: contact.space_id,
    channel_id: channelId ?? NO_CHANNEL,
    type,
    value,
    contact_id: contact.id,
  };
}
