import { Injectable } from '@nestjs/common';
import { type Contact, contactCreated, contactMerged, contactUpdated } from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import type { ContactRow, ConversationTrx } from '../database.ts';
import { IdentitiesRepository } from './identities.repository.ts';
import { toContact } from './shapes.ts';

/** Appends the events of contacts, and maps contacts to their public form. */
@Injectable()
export class ContactEventsService {
  constructor(
    private readonly identities: IdentitiesRepository,
    private readonly log: EventLog,
  ) {}

  /** Maps contacts of one space, with their identities, in the given order. */
  async toContacts(trx: ConversationTrx, rows: readonly ContactRow[]): Promise<Contact[]> {
    const [first] = rows;
    if (!first) return [];
    const ids = rows.map(({ id }) => id);
    const identities = await this.identities.listIdentities(trx, first.space_id, ids);
    const addresses = await this.identities.listAddresses(trx, first.space_id, ids);
    return rows.map((row) =>
      toContact(row, {
        identities: identities.filter((one) => one.contact_id === row.id),
        addresses: addresses.filter((one) => one.contact_id === row.id),
      }),
    );
  }

  /** Appends `conversation.contact_created` for each of these new contacts. */
  async appendCreated(trx: ConversationTrx, rows: readonly ContactRow[]): Promise<void> {
    const spaces = Map.groupBy(rows, (row) => row.space_id);
    for (const [spaceId, rowsOfSpace] of spaces) {
      const contacts = await this.toContacts(trx, rowsOfSpace);
      await this.log.append(
        trx,
        contacts.map((contact) => ({
          definition: contactCreated,
          spaceId,
          data: { contactId: contact.id, contact },
        })),
      );
    }
  }

  /** Appends `conversation.contact_updated`. @returns the public form of the contact */
  async appendUpdated(trx: ConversationTrx, row: ContactRow): Promise<Contact> {
    const contact = await this.toContactOf(trx, row);
    const data = { contactId: row.id, contact };
    await this.log.append(trx, [{ definition: contactUpdated, spaceId: row.space_id, data }]);
    return contact;
  }

  /** Appends `conversation.contact_merged` with the id of the contact that was merged away. */
  async appendMerged(
    trx: ConversationTrx,
    { from, into }: { from: ContactRow; into: ContactRow },
  ): Promise<void> {
    const data = { contactId: from.id, mergedInto: into.id, contact: await this.toContactOf(trx, into) };
    await this.log.append(trx, [{ definition: contactMerged, spaceId: into.space_id, data }]);
  }

  private async toContactOf(trx: ConversationTrx, row: ContactRow): Promise<Contact> {
    const [contact] = await this.toContacts(trx, [row]);
    if (!contact) throw new Error('A contact has no public form.');
    return contact;
  }
}
