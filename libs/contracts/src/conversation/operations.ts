import { z } from 'zod';
import { Id, InSpace, Metadata, Nothing, Paging } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import {
  ContactSchema,
  ConversationEventSchema,
  ConversationSchema,
  MessageSchema,
  namesOne,
  owners,
  ParticipantRequest,
  ParticipantSchema,
  Parts,
  RoomSchema,
} from './types.ts';

const InConversation = { ...InSpace, conversationId: Id };
const base = '/spaces/:spaceId/conversations';
const one = `${base}/:conversationId`;

export const createRoom = defineOperation({
  name: 'conversation.create_room',
  kind: 'command',
  permission: 'rooms:manage',
  summary: 'Create a room; a direct room for a pair that has one answers 200',
  http: {
    method: 'POST',
    path: '/spaces/:spaceId/rooms',
    status: 201,
    statusOf: (output) => ((output as { existing?: boolean }).existing ? 200 : 201),
  },
  input: z.strictObject({
    ...InSpace,
    type: z.enum(['standard', 'direct']).default('standard'),
    name: z.string().trim().min(1).max(200).optional(),
    participants: z.array(ParticipantRequest).max(200).default([]),
    metadata: Metadata.optional(),
  }),
  output: RoomSchema.extend({ existing: z.boolean().optional() }).meta({ id: 'CreatedRoom' }),
});

export const listRooms = defineOperation({
  name: 'conversation.list_rooms',
  kind: 'query',
  permission: 'rooms:read',
  summary: 'Rooms of a space',
  http: { method: 'GET', path: '/spaces/:spaceId/rooms' },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(RoomSchema),
});

export const getRoom = defineOperation({
  name: 'conversation.get_room',
  kind: 'query',
  permission: 'rooms:read',
  summary: 'One room',
  http: { method: 'GET', path: '/spaces/:spaceId/rooms/:roomId' },
  input: z.strictObject({ ...InSpace, roomId: Id }),
  output: RoomSchema,
});

export const createConversation = defineOperation({
  name: 'conversation.create',
  kind: 'command',
  permission: 'conversations:create',
  summary: 'Create a conversation; an agent participant starts its flow',
  http: { method: 'POST', path: base, status: 201 },
  input: z.strictObject({
    ...InSpace,
    roomId: Id.optional(),
    subject: z.string().trim().min(1).max(500).optional(),
    participants: z.array(ParticipantRequest).max(200).default([]),
    metadata: Metadata.optional(),
  }),
  output: ConversationSchema,
});

export const listConversations = defineOperation({
  name: 'conversation.list',
  kind: 'query',
  permission: 'conversations:read',
  summary: 'Conversations of a space, newest first',
  http: { method: 'GET', path: base },
  visitor: true,
  input: z.strictObject({
    ...InSpace,
    ...Paging,
    status: z.enum(['open', 'paused', 'closed']).optional(),
    channelId: Id.optional(),
    owner: z.enum(owners).optional(),
    assignee: Id.optional(),
    contactId: Id.optional(),
    label: z.string().max(100).optional(),
    q: z.string().max(200).optional(),
  }),
  output: listOf(ConversationSchema),
});

export const getConversation = defineOperation({
  name: 'conversation.get',
  kind: 'query',
  permission: 'conversations:read',
  summary: 'One conversation',
  visitor: true,
  http: { method: 'GET', path: one },
  input: z.strictObject(InConversation),
  output: ConversationSchema,
});

export const updateConversation = defineOperation({
  name: 'conversation.update',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Change status, subject, labels or assignee',
  http: { method: 'PATCH', path: one },
  input: z.strictObject({
    ...InConversation,
    status: z.enum(['open', 'paused', 'closed']).optional(),
    subject: z.string().trim().min(1).max(500).nullable().optional(),
    labels: z.array(z.string().min(1).max(100)).max(50).optional(),
    assignee: Id.nullable().optional(),
    metadata: Metadata.optional(),
  }),
  output: ConversationSchema,
});

export const listParticipants = defineOperation({
  name: 'conversation.list_participants',
  kind: 'query',
  permission: 'conversations:read',
  summary: 'Who takes part',
  http: { method: 'GET', path: `${one}/participants` },
  input: z.strictObject(InConversation),
  output: z.object({ data: z.array(ParticipantSchema), nextCursor: z.string().nullable() }),
});

export const addParticipant = defineOperation({
  name: 'conversation.add_participant',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Add a participant',
  http: { method: 'POST', path: `${one}/participants`, status: 201 },
  input: z.strictObject({ ...InConversation, ...ParticipantRequest.shape }).refine(...namesOne),
  output: ParticipantSchema,
});

export const removeParticipant = defineOperation({
  name: 'conversation.remove_participant',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Remove a participant',
  http: { method: 'DELETE', path: `${one}/participants/:participantId` },
  input: z.strictObject({ ...InConversation, participantId: Id }),
  output: Nothing,
});

export const takeOver = defineOperation({
  name: 'conversation.take_over',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'A person answers from now on',
  http: { method: 'POST', path: `${one}/takeover` },
  input: z.strictObject(InConversation),
  output: ConversationSchema,
});

export const release = defineOperation({
  name: 'conversation.release',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'The flow answers from now on',
  http: { method: 'POST', path: `${one}/release` },
  input: z.strictObject(InConversation),
  output: ConversationSchema,
});

export const handOff = defineOperation({
  name: 'conversation.hand_off',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Ask for a person',
  http: { method: 'POST', path: `${one}/handoff` },
  input: z.strictObject({ ...InConversation, reason: z.string().max(500).optional() }),
  output: ConversationSchema,
});

export const postMessage = defineOperation({
  name: 'conversation.post_message',
  kind: 'command',
  permission: 'messages:write',
  summary: 'Post a message',
  visitor: true,
  bodyLimit: 128 * 1024,
  http: { method: 'POST', path: `${one}/messages`, status: 201 },
  input: z.strictObject({
    ...InConversation,
    parts: Parts,
    replyTo: Id.optional(),
    internal: z.boolean().default(false),
    metadata: Metadata.optional(),
  }),
  output: MessageSchema,
});

export const postVisitorMessage = defineOperation({
  name: 'conversation.post_visitor_message',
  kind: 'command',
  permission: 'messages:write',
  visitor: true,
  summary:
    "Post a visitor's message into its active conversation of the channel, which is made when there is none",
  input: z.strictObject({
    ...InSpace,
    conversationId: Id.optional(),
    parts: Parts,
    metadata: Metadata.optional(),
    channel: z.object({
      channelId: Id,
      deploymentType: z.string(),
      target: z.object({ agentId: Id.nullish(), flowId: Id.nullish() }).nullable(),
      agentName: z.string().optional(),
    }),
  }),
  output: MessageSchema,
});

export const listMessages = defineOperation({
  name: 'conversation.list_messages',
  kind: 'query',
  permission: 'messages:read',
  summary: 'Messages, ascending by sequence',
  visitor: true,
  http: { method: 'GET', path: `${one}/messages` },
  input: z.strictObject({
    ...InConversation,
    ...Paging,
    afterSequence: z.coerce.number().int().min(0).optional(),
    beforeSequence: z.coerce.number().int().min(1).optional(),
  }),
  output: listOf(MessageSchema),
});

export const getMessage = defineOperation({
  name: 'conversation.get_message',
  kind: 'query',
  permission: 'messages:read',
  summary: 'One message',
  visitor: true,
  http: { method: 'GET', path: `${one}/messages/:messageId` },
  input: z.strictObject({ ...InConversation, messageId: Id }),
  output: MessageSchema,
});

export const editMessage = defineOperation({
  name: 'conversation.edit_message',
  kind: 'command',
  permission: 'messages:write',
  summary: 'Edit a message; earlier versions are kept',
  http: { method: 'PATCH', path: `${one}/messages/:messageId` },
  input: z.strictObject({ ...InConversation, messageId: Id, parts: Parts }),
  output: MessageSchema,
});

export const deleteMessage = defineOperation({
  name: 'conversation.delete_message',
  kind: 'command',
  permission: 'messages:write',
  summary: 'Delete a message; its place stays',
  http: { method: 'DELETE', path: `${one}/messages/:messageId` },
  input: z.strictObject({ ...InConversation, messageId: Id }),
  output: MessageSchema,
});

export const markRead = defineOperation({
  name: 'conversation.mark_read',
  kind: 'command',
  permission: 'messages:read',
  summary: 'Mark everything up to a sequence as read',
  visitor: true,
  http: { method: 'POST', path: `${one}/read` },
  input: z.strictObject({ ...InConversation, sequence: z.int().min(0) }),
  output: Nothing,
});

export const listEvents = defineOperation({
  name: 'conversation.list_events',
  kind: 'query',
  permission: 'messages:read',
  summary: 'Everything that happened, ascending by sequence',
  visitor: true,
  http: { method: 'GET', path: `${one}/events` },
  input: z.strictObject({
    ...InConversation,
    afterSequence: z.coerce.number().int().min(0).default(0),
    limit: Paging.limit,
  }),
  output: z.object({
    data: z.array(ConversationEventSchema),
    nextCursor: z.string().nullable(),
    lastSequence: z.int(),
  }),
});

export const listContacts = defineOperation({
  name: 'conversation.list_contacts',
  kind: 'query',
  permission: 'contacts:read',
  summary: 'Contacts of a space',
  http: { method: 'GET', path: '/spaces/:spaceId/contacts' },
  input: z.strictObject({ ...InSpace, ...Paging, q: z.string().max(200).optional() }),
  output: listOf(ContactSchema),
});

export const createContact = defineOperation({
  name: 'conversation.create_contact',
  kind: 'command',
  permission: 'contacts:manage',
  summary: 'Create a contact',
  http: { method: 'POST', path: '/spaces/:spaceId/contacts', status: 201 },
  input: z.strictObject({
    ...InSpace,
    name: z.string().trim().min(1).max(200).optional(),
    attributes: z.record(z.string().max(128), z.json()).optional(),
    identities: z
      .array(
        z.strictObject({
          type: z.enum(['phone', 'email', 'custom']),
          value: z.string().min(1).max(254),
          channelId: Id.optional(),
        }),
      )
      .max(20)
      .default([]),
    metadata: Metadata.optional(),
  }),
  output: ContactSchema,
});

export const getContact = defineOperation({
  name: 'conversation.get_contact',
  kind: 'query',
  permission: 'contacts:read',
  summary: 'One contact',
  http: { method: 'GET', path: '/spaces/:spaceId/contacts/:contactId' },
  input: z.strictObject({ ...InSpace, contactId: Id }),
  output: ContactSchema,
});

export const updateContact = defineOperation({
  name: 'conversation.update_contact',
  kind: 'command',
  permission: 'contacts:manage',
  summary: 'Change a contact',
  http: { method: 'PATCH', path: '/spaces/:spaceId/contacts/:contactId' },
  input: z.strictObject({
    ...InSpace,
    contactId: Id,
    name: z.string().trim().min(1).max(200).nullable().optional(),
    attributes: z.record(z.string().max(128), z.json()).optional(),
    metadata: Metadata.optional(),
  }),
  output: ContactSchema,
});
