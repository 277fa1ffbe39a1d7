import { Injectable } from '@nestjs/common';
import { type Contact, contactCreated, contactMerged, contactUpdated } from '@parley/contracts';
import { EventLog } from '@parley/messaging';
import type { ContactRow, ConversationTrx } from '../database.ts';
import { IdentitiesRepository } from './identities.repository.ts';
import { toContact } from './shapes.ts';

/** Contacts as they are shown, and the events of what becomes of them. */
@Injectable()
export class ContactNewsService {
  constructor(
    private readonly identities: IdentitiesRepository,
    private readonly log: EventLog,
  ) {}

  /** Contacts of one space with their identities, in the order given. */
  async show(trx: ConversationTrx, rows: readonly ContactRow[]): Promise<Contact[]> {
    const [first] = rows;
    if (!first) return [];
    const ids = rows.map(({ id }) => id);
    const identities = await this.identities.identitiesOf(trx, first.space_id, ids);
    const addresses = await this.identities.addressesOf(trx, first.space_id, ids);
    return rows.map((row) =>
      toContact(row, {
        identities: identities.filter((one) => one.contact_id === row.id),
        addresses: addresses.filter((one) => one.contact_id === row.id),
      }),
    );
  }

  /** Appends `conversation.contact_created` for each of these new contacts. */
  async created(trx: ConversationTrx, rows: readonly ContactRow[]): Promise<void> {
    const spaces = Map.groupBy(rows, (row) => row.space_id);
    for (const [spaceId, ofSpace] of spaces) {
      const contacts = await this.show(trx, ofSpace);
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

  /** Appends `conversation.contact_updated`; answers the contact as it is shown. */
  async updated(trx: ConversationTrx, row: ContactRow): Promise<Contact> {
    const contact = await this.require(trx, row);
    const data = { contactId: row.id, contact };
    await this.log.append(trx, [{ definition: contactUpdated, spaceId: row.space_id, data }]);
    return contact;
  }

  /** Appends `conversation.contact_merged`, under the id that went. */
  async merged(trx: ConversationTrx, { from, into }: { from: ContactRow; into: ContactRow }): Promise<void> {
    const data = { contactId: from.id, mergedInto: into.id, contact: await this.require(trx, into) };
    await this.log.append(trx, [{ definition: contactMerged, spaceId: into.space_id, data }]);
  }

  private async require(trx: ConversationTrx, row: ContactRow): Promise<Contact> {
    const [contact] = await this.show(trx, [row]);
    if (!contact) throw new Error('A contact is not shown.');
    return contact;
  }
}
