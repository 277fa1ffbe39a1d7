import { Injectable } from '@nestjs/common';
import { type ContactIdentity, ProblemError, unprocessable } from '@parley/contracts';
import type { ConversationTrx } from '../database.ts';
import { type Address, addressOf, normalizeText } from './addresses.ts';
import { IdentitiesRepository, type IdentityRow, NO_CHANNEL } from './identities.repository.ts';
import { addressToIdentity, toIdentity } from './shapes.ts';

/** An identity in an API request. */
export interface IdentityInput {
  type: 'phone' | 'email' | 'custom';
  value: string;
  channelId?: string | undefined;
}

type ParsedIdentity =
  | { pointer: string; address: Address; channelId: string | null }
  | { pointer: string; address: null; type: 'custom'; value: string; channelId: string | null };

/** Adds identities to contacts and removes them, in normalised form. */
@Injectable()
export class ContactIdentitiesService {
  constructor(private readonly identities: IdentitiesRepository) {}

  /**
   * Adds identities to a contact. Duplicates are added once.
   * @param pointerOf JSON pointer of each identity in the request
   * @throws ProblemError 422 for an invalid number or address, 409 `identity_taken` with the id of the other contact
   */
  async claim(
    trx: ConversationTrx,
    contact: { spaceId: string; contactId: string },
    inputs: readonly IdentityInput[],
    pointerOf: (index: number) => string = (index) => `/identities/${index}`,
  ): Promise<ContactIdentity[]> {
    const parsed = new Map<string, ParsedIdentity>();
    for (const [index, input] of inputs.entries()) {
      const identity = parseIdentity(input, pointerOf(index));
      if (!parsed.has(identityKey(identity))) parsed.set(identityKey(identity), identity);
    }
    const claimed: ContactIdentity[] = [];
    const sorted = [...parsed].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, identity] of sorted) claimed.push(await this.claimOne(trx, contact, identity));
    return claimed;
  }

  /** Removes an identity from a contact. @returns false if the contact does not have it */
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
    identity: ParsedIdentity,
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
      throw identityTaken(holder?.contact_id, pointer);
    }
    const unnormalizedKey = { space_id: spaceId, channel_id: NO_CHANNEL, ...address };
    const [unnormalized] = await this.identities.findIdentities(trx, [unnormalizedKey]);
    if (unnormalized && unnormalized.contact_id !== contactId)
      throw identityTaken(unnormalized.contact_id, pointer);
    const row = { space_id: spaceId, ...address, contact_id: contactId, channel_id: channelId };
    const [claimed] = await this.identities.claimAddresses(trx, [row]);
    if (claimed) return addressToIdentity(claimed);
    const [holder] = await this.identities.findAddresses(trx, [row]);
    throw identityTaken(holder?.contact_id, pointer);
  }
}

function parseIdentity(
  { type, value, channelId = undefined }: IdentityInput,
  pointer: string,
): ParsedIdentity {
  const base = { pointer, channelId: channelId ?? null };
  if (type === 'custom') {
    const text = normalizeText(value);
    if (text !== '') return { ...base, address: null, type, value: text };
    throw invalidIdentity(pointer, 'holds nothing that is seen');
  }
  const address = addressOf(type, value);
  if (address) return { ...base, address };
  throw invalidIdentity(
    pointer,
    type === 'phone'
      ? 'is no phone number: write it with its country code, for example +12125550142'
      : 'is no e-mail address',
  );
}

function identityKey(identity: ParsedIdentity): string {
  if (identity.address) return `${identity.address.type} ${identity.address.value}`;
  return `${identity.type} ${identity.value} ${identity.channelId}`;
}

function invalidIdentity(pointer: string, detail: string): ProblemError {
  return unprocessable('An identity cannot be read.', 'invalid_identity', [
    { pointer: `${pointer}/value`, detail },
  ]);
}

function identityTaken(contactId: string | undefined, pointer: string): ProblemError {
  const holder = contactId ?? 'another contact';
  return new ProblemError({
    status: 409,
    code: 'identity_taken',
    detail: `An identity belongs to ${holder}. Use that contact, or merge the two.`,
    errors: [{ pointer: pointer === '' ? '/value' : pointer, detail: `belongs to ${holder}` }],
  });
}
