import { Controller } from '@nestjs/common';
import { Database } from '@parley/database';
import { OnTask, type Task, type TaskContext } from '@parley/messaging';
import { Logger } from '@parley/service';
import type { ContactRow, ConversationTrx, Tables } from '../database.ts';
import { ADDRESSES_QUEUE } from '../migrations/0006-addresses.ts';
import { type Address, addressOf, normalizeText } from './addresses.ts';
import { ContactsRepository } from './contacts.repository.ts';
import { IdentitiesRepository, type IdentityRow, NO_CHANNEL } from './identities.repository.ts';
import { MergingService } from './merging.service.ts';

const PAGE_SIZE = 100;

/**
 * Brings the identities of a space from before there were addresses into their one form. Contacts that turn out to be the
 * same are merged, the oldest stays. It may be done again: what is done is not found any more.
 */
@Controller()
export class AddressesConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly contacts: ContactsRepository,
    private readonly identities: IdentitiesRepository,
    private readonly merging: MergingService,
    private readonly logger: Logger,
  ) {}

  @OnTask(ADDRESSES_QUEUE, { concurrency: 1, timeoutMs: 600_000 })
  async normalize(task: Task, context: TaskContext<Tables>): Promise<void> {
    const { spaceId } = task;
    let merged = 0;
    let after: IdentityRow | null = null;
    do {
      const page: IdentityRow[] = await this.readPage(spaceId, after);
      for (const row of page) {
        context.signal.throwIfAborted();
        if (await this.database.withSpaces([spaceId], (trx) => this.normalizeIdentity(trx, row))) merged += 1;
      }
      after = page.at(-1) ?? null;
    } while (after);
    this.logger.info({ spaceId, merged }, 'Contact identities normalised');
    await context.complete(async () => Promise.resolve());
  }

  private async readPage(spaceId: string, after: IdentityRow | null): Promise<IdentityRow[]> {
    return this.database.withSpaces([spaceId], (trx) =>
      this.identities.listUnnormalized(trx, spaceId, { after, limit: PAGE_SIZE }),
    );
  }

  /** Normalises one identity. @returns whether two contacts were merged */
  private async normalizeIdentity(trx: ConversationTrx, row: IdentityRow): Promise<boolean> {
    const { space_id: spaceId, contact_id: contactId, channel_id: channelId } = row;
    const address = addressOf(row.type, row.value);
    if (!address) return false;
    const [contact] = await this.contacts.lock(trx, spaceId, [contactId]);
    // The contact was merged or erased after the page was read.
    if (!contact || contact.merged_into !== null) return false;
    const channel = channelId === NO_CHANNEL ? null : channelId;
    const claim = { space_id: spaceId, ...address, contact_id: contactId, channel_id: channel };
    const [claimed] = await this.identities.claimAddresses(trx, [claim]);
    await this.identities.deleteIdentity(trx, row);
    await this.normalizeName(trx, contact);
    return claimed ? false : this.mergeWithHolder(trx, contact, address);
  }

  private async mergeWithHolder(
    trx: ConversationTrx,
    contact: ContactRow,
    address: Address,
  ): Promise<boolean> {
    const { space_id: spaceId, id } = contact;
    const [holder] = await this.identities.findAddresses(trx, [{ space_id: spaceId, ...address }]);
    if (!holder || holder.contact_id === id) return false;
    const rows = await this.contacts.lock(trx, spaceId, [id, holder.contact_id]);
    const [oldest, other] = rows.sort(
      (a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.id < b.id ? -1 : 1),
    );
    if (!oldest || !other) throw new Error('A contact disappeared during its merge.');
    await this.merging.merge(trx, oldest, other);
    return true;
  }

  private async normalizeName(trx: ConversationTrx, contact: ContactRow): Promise<void> {
    const name = contact.name === null ? null : normalizeText(contact.name) || null;
    if (name !== contact.name) await this.contacts.update(trx, contact, { name });
  }
}
