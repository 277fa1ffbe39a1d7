import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import type { ConversationTrx } from '../database.ts';
import { type Address, addressOf, normalizeText } from './addresses.ts';
import { ContactEventsService } from './contact-events.service.ts';
import { ContactsRepository } from './contacts.repository.ts';
import {
  type AddressKey,
  IdentitiesRepository,
  type IdentityKey,
  type WithContactName,
  NO_CHANNEL,
} from './identities.repository.ts';
import { identityType } from './identity-type.ts';

/** The sender of a message or call, as its channel identifies it. */
export interface Sender {
  spaceId: string;
  channelId: string;
  deploymentType: string;
  senderId: string;
  name: string | null;
  /** Id for a new contact, if it was generated before (for a visitor). */
  contactId?: string | null;
}

/** The contact behind a sender. */
export interface ResolvedSender {
  id: string;
  name: string | null;
}

/** Key of a sender in maps. */
export function senderKey(sender: Pick<Sender, 'spaceId' | 'channelId' | 'senderId'>): string {
  return `${sender.spaceId} ${sender.channelId} ${sender.senderId}`;
}

/** The address that a channel has verified; null for senders with a provider id. */
export function senderAddress(deploymentType: string, senderId: string): Address | null {
  return addressOf(identityType(deploymentType), senderId);
}

/** The id under which conversations store a sender. Numbers are normalised. */
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
    private readonly contactEvents: ContactEventsService,
  ) {}

  async resolveOne(trx: ConversationTrx, sender: Sender): Promise<ResolvedSender> {
    const found = (await this.resolve(trx, [sender])).get(senderKey(sender));
    if (!found) throw new Error('A sender has no contact.');
    return found;
  }

  /** Resolves many senders with few statements, by `senderKey`. */
  async resolve(trx: ConversationTrx, senders: readonly Sender[]): Promise<Map<string, ResolvedSender>> {
    const distinct = [...new Map(senders.map((sender) => [senderKey(sender), sender])).values()];
    const resolved = await this.findBySender(trx, distinct);
    const isMissing = (sender: Sender): boolean => !resolved.has(senderKey(sender));
    if (!distinct.some(isMissing)) return resolved;
    for (const [key, contact] of await this.findUnnormalized(trx, distinct.filter(isMissing)))
      resolved.set(key, contact);
    const missing = distinct.filter(isMissing);
    await this.createContacts(trx, missing);
    for (const [key, contact] of await this.findBySender(trx, missing)) resolved.set(key, contact);
    return resolved;
  }

  /** Creates a contact without identities, for a caller who withholds the number. */
  async createUnknown(trx: ConversationTrx, spaceId: string, name: string | null): Promise<ResolvedSender> {
    const rows = await this.contacts.insert(trx, [{ space_id: spaceId, id: newId('cont'), name }]);
    await this.contactEvents.appendCreated(trx, rows);
    const [row] = rows;
    if (!row) throw new Error('A contact could not be created.');
    return { id: row.id, name: row.name };
  }

  private async findBySender(
    trx: ConversationTrx,
    senders: readonly Sender[],
  ): Promise<Map<string, ResolvedSender>> {
    const addressKeys = senders.flatMap((sender) => addressKeyOf(sender) ?? []);
    const otherSenders = senders.filter((sender) => !addressKeyOf(sender));
    const addresses = await this.identities.findAddresses(trx, addressKeys);
    const identities = await this.identities.findIdentities(trx, otherSenders.map(identityKeyOf));
    const byKey = new Map<string, ResolvedSender>();
    for (const row of addresses) byKey.set(addressLookupKey(row), toResolvedSender(row));
    for (const row of identities) byKey.set(identityLookupKey(row), toResolvedSender(row));
    return new Map(
      senders.flatMap((sender) => {
        const contact = byKey.get(lookupKey(sender));
        return contact ? [[senderKey(sender), contact] as const] : [];
      }),
    );
  }

  /** Finds contacts whose numbers are not normalised yet. The oldest contact of a number receives the address. */
  private async findUnnormalized(
    trx: ConversationTrx,
    senders: readonly Sender[],
  ): Promise<Map<string, ResolvedSender>> {
    const candidates = senders.flatMap((sender) => {
      const address = addressKeyOf(sender);
      return address ? unnormalizedKeysOf(sender, address).map((key) => ({ key, address, sender })) : [];
    });
    const rows = await this.identities.findIdentities(
      trx,
      candidates.map(({ key }) => key),
    );
    rows.sort(
      (a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.contact_id < b.contact_id ? -1 : 1),
    );
    const found = new Map<string, ResolvedSender>();
    for (const row of rows) {
      const candidate = candidates.find(({ key }) => identityLookupKey(key) === identityLookupKey(row));
      if (!candidate || found.has(senderKey(candidate.sender))) continue;
      const claim = {
        ...candidate.address,
        contact_id: row.contact_id,
        channel_id: candidate.sender.channelId,
      };
      // If a concurrent request claims the address first, the next lookup finds its contact.
      if ((await this.identities.claimAddresses(trx, [claim])).length > 0)
        found.set(senderKey(candidate.sender), toResolvedSender(row));
    }
    return found;
  }

  private async createContacts(trx: ConversationTrx, senders: readonly Sender[]): Promise<void> {
    if (senders.length === 0) return;
    const mergeTargets = await this.findMergeTargets(trx, senders);
    const drafts = new Map<string, { sender: Sender; contactId: string }>();
    for (const sender of senders) {
      const id = sender.contactId ?? newId('cont');
      if (!drafts.has(lookupKey(sender)))
        drafts.set(lookupKey(sender), { sender, contactId: mergeTargets.get(id) ?? id });
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
    await this.contactEvents.appendCreated(trx, await this.contacts.insert(trx, rows));
  }

  /** Returns the merge targets of contacts whose ids were generated before. */
  private async findMergeTargets(
    trx: ConversationTrx,
    senders: readonly Sender[],
  ): Promise<Map<string, string>> {
    const ids = senders.flatMap(({ contactId }) => contactId ?? []);
    return this.contacts.findMergeTargets(trx, ids);
  }
}

function toResolvedSender(row: WithContactName<{ contact_id: string }>): ResolvedSender {
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

function addressLookupKey({ space_id: spaceId, type, value }: AddressKey): string {
  return `${spaceId} ${type} ${value}`;
}

function identityLookupKey({ space_id: spaceId, channel_id: channelId, type, value }: IdentityKey): string {
  return `${spaceId} ${channelId} ${type} ${value}`;
}

function lookupKey(sender: Sender): string {
  const address = addressKeyOf(sender);
  return address ? addressLookupKey(address) : identityLookupKey(identityKeyOf(sender));
}

/** The keys under which a number that is not normalised can be stored. */
function unnormalizedKeysOf(sender: Sender, address: AddressKey): IdentityKey[] {
  const here = identityKeyOf(sender);
  const given = { space_id: address.space_id, channel_id: NO_CHANNEL, type: address.type };
  const values = new Set([address.value, sender.senderId]);
  return [here, ...[...values].map((value) => ({ ...given, value }))];
}
