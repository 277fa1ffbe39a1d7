import { z } from 'zod';
import { Attributes, Id, InSpace, Metadata, Name, EmptyOutput, Paging } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import { ContactSchema, IdentityRequest, IdentitySchema } from './types.ts';

const OfContact = { ...InSpace, contactId: Id };
const contact = '/spaces/:spaceId/contacts/:contactId';

export const listContacts = defineOperation({
  name: 'conversation.list_contacts',
  kind: 'query',
  permission: 'contacts:read',
  summary: 'List contacts of a space; `q` finds parts of names, numbers and addresses',
  http: { method: 'GET', path: '/spaces/:spaceId/contacts' },
  input: z.strictObject({ ...InSpace, ...Paging, q: z.string().max(200).optional() }),
  output: listOf(ContactSchema),
});

export const createContact = defineOperation({
  name: 'conversation.create_contact',
  kind: 'command',
  permission: 'contacts:manage',
  summary: 'Create a contact; 409 `identity_taken` names the contact that has an identity already',
  http: { method: 'POST', path: '/spaces/:spaceId/contacts', status: 201 },
  input: z.strictObject({
    ...InSpace,
    name: Name.optional(),
    attributes: Attributes.optional(),
    identities: z.array(IdentityRequest).max(20).default([]),
    metadata: Metadata.optional(),
  }),
  output: ContactSchema,
});

export const getContact = defineOperation({
  name: 'conversation.get_contact',
  kind: 'query',
  permission: 'contacts:read',
  summary: 'Get a contact; `mergedInto` names the other contact after a merge',
  http: { method: 'GET', path: '/spaces/:spaceId/contacts/:contactId' },
  input: z.strictObject({ ...InSpace, contactId: Id }),
  output: ContactSchema,
});

export const updateContact = defineOperation({
  name: 'conversation.update_contact',
  kind: 'command',
  permission: 'contacts:manage',
  summary: 'Update a contact; attributes and metadata are merged (RFC 7396)',
  http: { method: 'PATCH', path: '/spaces/:spaceId/contacts/:contactId' },
  input: z.strictObject({
    ...InSpace,
    contactId: Id,
    name: Name.nullable().optional(),
    attributes: Attributes.nullable().optional(),
    metadata: Metadata.nullable().optional(),
  }),
  output: ContactSchema,
});

export const deleteContact = defineOperation({
  name: 'conversation.delete_contact',
  kind: 'command',
  permission: 'contacts:manage',
  summary:
    'Erase a contact: removes its identities, anonymises its messages, closes its active conversations',
  http: { method: 'DELETE', path: contact },
  input: z.strictObject(OfContact),
  output: EmptyOutput,
});

export const mergeContacts = defineOperation({
  name: 'conversation.merge_contacts',
  kind: 'command',
  permission: 'contacts:manage',
  summary: 'Merge another contact, its identities and its conversations into this contact',
  http: { method: 'POST', path: '/spaces/:spaceId/contacts/:id/merge' },
  input: z.strictObject({ ...InSpace, id: Id, contactId: Id }),
  output: ContactSchema,
});

export const listIdentities = defineOperation({
  name: 'conversation.list_identities',
  kind: 'query',
  permission: 'contacts:read',
  summary: 'List identities of a contact',
  http: { method: 'GET', path: `${contact}/identities` },
  input: z.strictObject(OfContact),
  output: listOf(IdentitySchema),
});

export const addIdentity = defineOperation({
  name: 'conversation.add_identity',
  kind: 'command',
  permission: 'contacts:manage',
  summary: 'Add an identity to a contact; 409 `identity_taken` names the contact that has it already',
  http: { method: 'POST', path: `${contact}/identities`, status: 201 },
  input: z.strictObject({ ...OfContact, ...IdentityRequest.shape }),
  output: IdentitySchema,
});

export const removeIdentity = defineOperation({
  name: 'conversation.remove_identity',
  kind: 'command',
  permission: 'contacts:manage',
  summary: 'Remove an identity, given by type, value and channel',
  http: { method: 'DELETE', path: `${contact}/identities` },
  input: z.strictObject({
    ...OfContact,
    type: IdentitySchema.shape.type,
    value: z.string().min(1).max(254),
    channelId: Id.optional(),
  }),
  output: EmptyOutput,
});
