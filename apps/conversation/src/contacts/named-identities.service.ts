import { Injectable } from '@nestjs/common';
import { type ContactIdentity, ProblemError, unprocessable } from '@parley/contracts';
import type { ConversationTrx } from '../database.ts';
import { type Address, addressOf, normalizeText } from './addresses.ts';
import { IdentitiesRepository, type IdentityRow, NO_CHANNEL } from './identities.repository.ts';
import { addressToIdentity, toIdentity } from './shapes.ts';

/** An identity as the API names it. */
export interface NamedIdentity {
  type: 'phone' | 'email' | 'custom';
  value: string;
  channelId?: string | undefined;
}

type ReadIdentity =
  | { pointer: string; address: Address; channelId: string | null }
  | { pointer: string; address: null; type: 'custom'; value: string; channelId: string | null };

/** Identities that the API gives to contacts and takes from them, in the one form in which they are compared. */
@Injectable()
export class NamedIdentitiesService {
  constructor(private readonly identities: IdentitiesRepository) {}

  /**
   * Gives identities to a contact; the same one named twice counts once.
   * @param pointerOf where in the request each one stands
   * @throws ProblemError 422 for what is no number or address, 409 `identity_taken` that names the contact which has it
   */
  async claim(
    trx: ConversationTrx,
    contact: { spaceId: string; contactId: string },
    named: readonly NamedIdentity[],
    pointerOf: (index: number) => string = (index) => `/identities/${index}`,
  ): Promise<ContactIdentity[]> {
    const read = new Map<string, ReadIdentity>();
    for (const [index, one] of named.entries()) {
      const identity = readIdentity(one, pointerOf(index));
      if (!read.has(nameOf(identity))) read.set(nameOf(identity), identity);
    }
    const given: ContactIdentity[] = [];
    const sorted = [...read].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, identity] of sorted) given.push(await this.claimOne(trx, contact, identity));
    return given;
  }

  /** Takes an identity from a contact; false where the contact does not have it. */
  async remove(
    trx: ConversationTrx,
    { spaceId, contactId }: { spaceId: string; contactId: string },
    { type, value, channelId }: { type: string; value: string; channelId?: string | undefined },
  ): Promise<boolean> {
    const address = addressOf(type, value);
    if (address && (await this.identities.deleteAddress(trx, { spaceId, contactId }, address))) return true;
    const row = { space_id: spaceId, contact_id: contactId, channel_id: channelId ?? NO_CHANNEL, type };
    return (
      (await this.identities.deleteIdentity(trx, { ...row, value })) ||
      this.identities.deleteIdentity(trx, { ...row, value: normalizeText(value) })
    );
  }

  private async claimOne(
    trx: ConversationTrx,
    { spaceId, contactId }: { spaceId: string; contactId: string },
    identity: ReadIdentity,
  ): Promise<ContactIdentity> {
    const { address, channelId, pointer } = identity;
    if (!address) {
      const { type, value } = identity;
      const row: IdentityRow = {
        ...{ space_id: spaceId, channel_id: channelId ?? NO_CHANNEL },
        ...{ type, value, contact_id: contactId },
      };
      const [claimed] = await this.identities.claimIdentities(trx, [row]);
      if (claimed) return toIdentity(claimed);
      const [holder] = await this.identities.findIdentities(trx, [row]);
      throw taken(holder?.contact_id, pointer);
    }
    const old = { space_id: spaceId, channel_id: NO_CHANNEL, ...address };
    const [unnormalized] = await this.identities.findIdentities(trx, [old]);
    if (unnormalized && unnormalized.contact_id !== contactId) throw taken(unnormalized.contact_id, pointer);
    const row = { space_id: spaceId, ...address, contact_id: contactId, channel_id: channelId };
    const [claimed] = await this.identities.claimAddresses(trx, [row]);
    if (claimed) return addressToIdentity(claimed);
    const [holder] = await this.identities.findAddresses(trx, [row]);
    throw taken(holder?.contact_id, pointer);
  }
}

function readIdentity({ type, value, channelId = undefined }: NamedIdentity, pointer: string): ReadIdentity {
  const base = { pointer, channelId: channelId ?? null };
  if (type === 'custom') {
    const text = normalizeText(value);
    if (text !== '') return { ...base, address: null, type, value: text };
    throw invalid(pointer, 'holds nothing that is seen');
  }
  const address = addressOf(type, value);
  if (address) return { ...base, address };
  throw invalid(
    pointer,
    type === 'phone'
      ? 'is no phone number: write it with its country code, for example +12125550142'
      : 'is no e-mail address',
  );
}

function nameOf(identity: ReadIdentity): string {
  if (identity.address) return `${identity.address.type} ${identity.address.value}`;
  return `${identity.type} ${identity.value} ${identity.channelId}`;
}

function invalid(pointer: string, detail: string): ProblemError {
  return unprocessable('An identity cannot be read.', 'invalid_identity', [
    { pointer: `${pointer}/value`, detail },
  ]);
}

function taken(contactId: string | undefined, pointer: string): ProblemError {
  const holder = contactId ?? 'another contact';
  return new ProblemError({
    status: 409,
    code: 'identity_taken',
    detail: `An identity belongs to ${holder}. Use that contact, or merge the two.`,
    errors: [{ pointer: pointer === '' ? '/value' : pointer, detail: `belongs to ${holder}` }],
  });
}
