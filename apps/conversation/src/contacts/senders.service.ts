import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import type { ConversationTrx } from '../database.ts';
import { type Address, addressOf, normalizeText } from './addresses.ts';
import { ContactNewsService } from './contact-news.service.ts';
import { ContactsRepository } from './contacts.repository.ts';
import {
  type AddressKey,
  IdentitiesRepository,
  type IdentityKey,
  type Named,
  NO_CHANNEL,
} from './identities.repository.ts';
import { identityType } from './identity-type.ts';

/** Who writes or calls, as a channel knows it. */
export interface Sender {
  spaceId: string;
  channelId: string;
  deploymentType: string;
  senderId: string;
  name: string | null;
  /** The contact that a new sender becomes, where its id is drawn already (a visitor's). */
  contactId?: string | null;
}

/** The contact behind a sender. */
export interface KnownSender {
  id: string;
  name: string | null;
}

/** Names a sender among others. */
export function senderKey(sender: Pick<Sender, 'spaceId' | 'channelId' | 'senderId'>): string {
  return `${sender.spaceId} ${sender.channelId} ${sender.senderId}`;
}

/** The address that a channel has proved its sender to have; null for senders known by an id of their provider. */
export function senderAddress(deploymentType: string, senderId: string): Address | null {
  return addressOf(identityType(deploymentType), senderId);
}

/** A sender's id as conversations hold it: a number in the one form in which it is compared. */
export function storedSenderId(deploymentType: string, senderId: string): string {
  const address = deploymentType === 'WHATSAPP' ? null : senderAddress(deploymentType, senderId);
  return address?.value ?? senderId;
}

/**
 * Finds the contacts behind senders, and makes those that are missing: by verified address in the whole space, else by the
 * provider's id in its channel.
 */
@Injectable()
export class SendersService {
  constructor(
    private readonly contacts: ContactsRepository,
    private readonly identities: IdentitiesRepository,
    private readonly news: ContactNewsService,
  ) {}

  async resolveOne(trx: ConversationTrx, sender: Sender): Promise<KnownSender> {
    const found = (await this.resolve(trx, [sender])).get(senderKey(sender));
    if (!found) throw new Error('A sender has no contact.');
    return found;
  }

  /** The contacts of many senders as few statements, by `senderKey`. */
  async resolve(trx: ConversationTrx, senders: readonly Sender[]): Promise<Map<string, KnownSender>> {
    const wanted = [...new Map(senders.map((sender) => [senderKey(sender), sender])).values()];
    const known = await this.find(trx, wanted);
    const isMissing = (sender: Sender): boolean => !known.has(senderKey(sender));
    if (!wanted.some(isMissing)) return known;
    for (const [key, contact] of await this.findUnnormalized(trx, wanted.filter(isMissing)))
      known.set(key, contact);
    const missing = wanted.filter(isMissing);
    await this.create(trx, missing);
    for (const [key, contact] of await this.find(trx, missing)) known.set(key, contact);
    return known;
  }

  /** A contact that nothing will be recognised by: a caller who withholds the number has a new one each time. */
  async createUnknown(trx: ConversationTrx, spaceId: string, name: string | null): Promise<KnownSender> {
    const rows = await this.contacts.insert(trx, [{ space_id: spaceId, id: newId('cont'), name }]);
    await this.news.created(trx, rows);
    const [row] = rows;
    if (!row) throw new Error('A contact could not be made.');
    return { id: row.id, name: row.name };
  }

  private async find(trx: ConversationTrx, senders: readonly Sender[]): Promise<Map<string, KnownSender>> {
    const addressed = senders.flatMap((sender) => addressKeyOf(sender) ?? []);
    const others = senders.filter((sender) => !addressKeyOf(sender));
    const addresses = await this.identities.findAddresses(trx, addressed);
    const identities = await this.identities.findIdentities(trx, others.map(identityKeyOf));
    const byKey = new Map<string, KnownSender>();
    for (const row of addresses) byKey.set(nameOfAddress(row), toKnown(row));
    for (const row of identities) byKey.set(nameOfIdentity(row), toKnown(row));
    return new Map(
      senders.flatMap((sender) => {
        const contact = byKey.get(nameOf(sender));
        return contact ? [[senderKey(sender), contact] as const] : [];
      }),
    );
  }

  /** Contacts whose numbers were stored before there were addresses: the oldest of each gets the address. */
  private async findUnnormalized(
    trx: ConversationTrx,
    senders: readonly Sender[],
  ): Promise<Map<string, KnownSender>> {
    const asked = senders.flatMap((sender) => {
      const address = addressKeyOf(sender);
      return address ? oldForms(sender, address).map((key) => ({ key, address, sender })) : [];
    });
    const rows = await this.identities.findIdentities(
      trx,
      asked.map(({ key }) => key),
    );
    rows.sort(
      (a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.contact_id < b.contact_id ? -1 : 1),
    );
    const found = new Map<string, KnownSender>();
    for (const row of rows) {
      const one = asked.find(({ key }) => nameOfIdentity(key) === nameOfIdentity(row));
      if (!one || found.has(senderKey(one.sender))) continue;
      const claim = { ...one.address, contact_id: row.contact_id, channel_id: one.sender.channelId };
      // A loser of the race finds the winner's contact afterwards.
      if ((await this.identities.claimAddresses(trx, [claim])).length > 0)
        found.set(senderKey(one.sender), toKnown(row));
    }
    return found;
  }

  private async create(trx: ConversationTrx, senders: readonly Sender[]): Promise<void> {
    if (senders.length === 0) return;
    const standing = await this.standing(trx, senders);
    const drafts = new Map<string, { sender: Sender; contactId: string }>();
    for (const sender of senders) {
      const id = sender.contactId ?? newId('cont');
      if (!drafts.has(nameOf(sender)))
        drafts.set(nameOf(sender), { sender, contactId: standing.get(id) ?? id });
    }
    const sorted = [...drafts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, draft]) => draft);
    const addresses = sorted.flatMap(({ sender, contactId }) => {
      const key = addressKeyOf(sender);
      return key ? [{ ...key, contact_id: contactId, channel_id: sender.channelId }] : [];
    });
    const identities = sorted
      .filter(({ sender }) => !addressKeyOf(sender))
      .map(({ sender, contactId }) => ({ ...identityKeyOf(sender), contact_id: contactId }));
    const claimed = [
      ...(await this.identities.claimAddresses(trx, addresses)),
      ...(await this.identities.claimIdentities(trx, identities)),
    ];
    const claimedIds = new Set(claimed.map((row) => row.contact_id));
    const rows = sorted
      .filter(({ contactId }) => claimedIds.has(contactId))
      .map(({ sender, contactId }) => ({
        space_id: sender.spaceId,
        id: contactId,
        name: sender.name === null ? null : normalizeText(sender.name) || null,
      }));
    await this.news.created(trx, await this.contacts.insert(trx, rows));
  }

  /** What became of the contacts whose ids are drawn already: one that was merged is the other one now. */
  private async standing(trx: ConversationTrx, senders: readonly Sender[]): Promise<Map<string, string>> {
    const ids = senders.flatMap(({ contactId }) => contactId ?? []);
    return this.contacts.mergedInto(trx, ids);
  }
}

function toKnown(row: Named<{ contact_id: string }>): KnownSender {
  return { id: row.contact_id, name: row.name };
}

function addressKeyOf({ spaceId, deploymentType, senderId }: Sender): AddressKey | null {
  const address = senderAddress(deploymentType, senderId);
  return address && { space_id: spaceId, ...address };
}

function identityKeyOf({ spaceId, channelId, deploymentType, senderId }: Sender): IdentityKey {
  const value = senderId.normalize('NFC');
  return { space_id: spaceId, channel_id: channelId, type: identityType(deploymentType), value };
}

function nameOfAddress({ space_id: spaceId, type, value }: AddressKey): string {
  return `${spaceId} ${type} ${value}`;
}

function nameOfIdentity({ space_id: spaceId, channel_id: channelId, type, value }: IdentityKey): string {
  return `${spaceId} ${channelId} ${type} ${value}`;
}

function nameOf(sender: Sender): string {
  const address = addressKeyOf(sender);
  return address ? nameOfAddress(address) : nameOfIdentity(identityKeyOf(sender));
}

/** Where a number may stand that was stored before there were addresses. */
function oldForms(sender: Sender, address: AddressKey): IdentityKey[] {
  const here = identityKeyOf(sender);
  const given = { space_id: address.space_id, channel_id: NO_CHANNEL, type: address.type };
  const values = new Set([address.value, sender.senderId]);
  return [here, ...[...values].map((value) => ({ ...given, value }))];
}
