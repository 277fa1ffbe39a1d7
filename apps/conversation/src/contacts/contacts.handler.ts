import { Controller } from '@nestjs/common';
import {
  addIdentity,
  applyPatch,
  Attributes,
  conflict,
  createContact,
  cursorOf,
  deleteContact,
  getContact,
  listContacts,
  listIdentities,
  mergeContacts,
  Metadata,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  removeIdentity,
  unprocessable,
  updateContact,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import type { ContactRow, ConversationTrx, Tables } from '../database.ts';
import { ReferencesService } from '../directory/references.service.ts';
import { normalizeText } from './addresses.ts';
import { ContactEventsService } from './contact-events.service.ts';
import { ContactsRepository } from './contacts.repository.ts';
import { MergingService } from './merging.service.ts';
import { ContactIdentitiesService } from './contact-identities.service.ts';

type Context = OperationContext<Tables>;
type Contact = OperationOutput<typeof getContact>;
type Identity = OperationOutput<typeof addIdentity>;

@Controller()
export class ContactsHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly contacts: ContactsRepository,
    private readonly identities: ContactIdentitiesService,
    private readonly merging: MergingService,
    private readonly contactEvents: ContactEventsService,
    private readonly references: ReferencesService,
  ) {}

  @BeforeOperation(createContact)
  async beforeCreate({ spaceId, identities }: OperationInput<typeof createContact>): Promise<void> {
    const named = identities.map(({ channelId }, index) => ({ channelId, index }));
    await Promise.all(
      named.map(async ({ channelId, index }) =>
        channelId
          ? this.references.requireChannel(spaceId, channelId, `/identities/${index}/channelId`)
          : undefined,
      ),
    );
  }

  @HandleOperation(createContact)
  async create(input: OperationInput<typeof createContact>, { trx }: Context): Promise<Contact> {
    const { spaceId } = input;
    const rows = await this.contacts.insert(trx, [
      {
        space_id: spaceId,
        id: newId('cont'),
        name: input.name === undefined ? null : normalizeText(input.name) || null,
        attributes: JSON.stringify(input.attributes ?? {}),
        metadata: JSON.stringify(input.metadata ?? {}),
      },
    ]);
    const [row] = rows;
    if (!row) throw new Error('A contact could not be created.');
    await this.identities.claim(trx, { spaceId, contactId: row.id }, input.identities);
    await this.contactEvents.appendCreated(trx, rows);
    return this.toContact(trx, row);
  }

  @HandleOperation(listContacts)
  async list(
    input: OperationInput<typeof listContacts>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listContacts>> {
    const { spaceId, limit, q } = input;
    const rows = await this.contacts.list(trx, { spaceId, limit, before: cursorOf(input.cursor), q });
    const page = await this.contactEvents.toContacts(trx, rows);
    return pageOf(page, limit, (contact) => contact);
  }

  @HandleOperation(getContact)
  async get(input: OperationInput<typeof getContact>, { trx }: Context): Promise<Contact> {
    const row = await this.contacts.find(trx, input.spaceId, input.contactId);
    if (!row) throw notFound('The contact');
    return this.toContact(trx, row);
  }

  @HandleOperation(updateContact)
  async update(input: OperationInput<typeof updateContact>, { trx }: Context): Promise<Contact> {
    const row = await this.lock(trx, input);
    const { name, attributes, metadata } = input;
    const merged = (
      schema: typeof Metadata,
      field: 'attributes' | 'metadata',
      patch: unknown,
    ): { [field: string]: string } =>
      patch === undefined
        ? {}
        : {
            [field]: JSON.stringify(
              applyPatch(schema, { current: row[field], patch, pointer: `/${field}` }) ?? {},
            ),
          };
    const changed = await this.contacts.update(trx, row, {
      ...(name === undefined ? {} : { name: name === null ? null : normalizeText(name) || null }),
      ...merged(Attributes, 'attributes', attributes),
      ...merged(Metadata, 'metadata', metadata),
    });
    return this.contactEvents.appendUpdated(trx, changed);
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
    const into = requireActive(rows.find((row) => row.id === id));
    const from = requireActive(rows.find((row) => row.id === contactId));
    return this.toContact(trx, await this.merging.merge(trx, into, from));
  }

  @HandleOperation(listIdentities)
  async listIdentities(
    input: OperationInput<typeof listIdentities>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listIdentities>> {
    const { spaceId, contactId } = input;
    const row = await this.contacts.find(trx, spaceId, contactId);
    if (!row) throw notFound('The contact');
    return { data: (await this.toContact(trx, row)).identities, nextCursor: null };
  }

  @BeforeOperation(addIdentity)
  async beforeAdd({ spaceId, contactId, channelId }: OperationInput<typeof addIdentity>): Promise<void> {
    if (!channelId) return;
    // Check the contact of the path first, so that its error precedes that of the channel.
    requireActive(
      await this.database.withSpaces([spaceId], (trx) => this.contacts.find(trx, spaceId, contactId)),
    );
    await this.references.requireChannel(spaceId, channelId, '/channelId');
  }

  @HandleOperation(addIdentity)
  async addIdentity(input: OperationInput<typeof addIdentity>, { trx }: Context): Promise<Identity> {
    const row = await this.lock(trx, input);
    const [identity] = await this.identities.claim(trx, input, [input], () => '');
    if (!identity) throw new Error('An identity was not stored.');
    await this.contactEvents.appendUpdated(trx, row);
    return identity;
  }

  @HandleOperation(removeIdentity)
  async removeIdentity(
    input: OperationInput<typeof removeIdentity>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof removeIdentity>> {
    const row = await this.lock(trx, input);
    if (!(await this.identities.remove(trx, input, input))) throw notFound('The identity');
    await this.contactEvents.appendUpdated(trx, row);
    return {};
  }

  private async toContact(trx: ConversationTrx, row: ContactRow): Promise<Contact> {
    const [contact] = await this.contactEvents.toContacts(trx, [row]);
    if (!contact) throw new Error('A contact has no public form.');
    return contact;
  }

  private async lock(
    trx: ConversationTrx,
    { spaceId, contactId }: { spaceId: string; contactId: string },
  ): Promise<ContactRow> {
    const [row] = await this.contacts.lock(trx, spaceId, [contactId]);
    return requireActive(row);
  }
}

/** @throws ProblemError 404, or 409 for a contact that was merged into another one */
function requireActive(row: ContactRow | undefined): ContactRow {
  if (!row) throw notFound('The contact');
  if (row.merged_into === null) return row;
  throw conflict(`The contact was merged into ${row.merged_into}. Use that one.`, 'contact_merged');
}
