import type { Contact, ContactIdentity } from '@parley/contracts';
import type { ContactRow } from '../database.ts';
import { type AddressRow, type IdentityRow, NO_CHANNEL } from './identities.repository.ts';

/** Maps an identity. Visitor ids are not verified. */
export function toIdentity({ type, value, channel_id: channelId }: IdentityRow): ContactIdentity {
  return {
    type,
    value,
    channelId: channelId === NO_CHANNEL ? null : channelId,
    verified: type !== 'visitor',
  };
}

export function addressToIdentity({ type, value, channel_id: channelId }: AddressRow): ContactIdentity {
  return { type, value, channelId, verified: true };
}

/** Maps a contact to its public form. */
export function toContact(
  row: ContactRow,
  stored: { identities: readonly IdentityRow[]; addresses: readonly AddressRow[] },
): Contact {
  return {
    id: row.id,
    name: row.name,
    identities: [...stored.addresses.map(addressToIdentity), ...stored.identities.map(toIdentity)],
    mergedInto: row.merged_into,
    attributes: row.attributes as Contact['attributes'],
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Contact['metadata'],
  };
}
