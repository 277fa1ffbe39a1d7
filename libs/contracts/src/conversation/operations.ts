import { z } from 'zod';
import { deploymentTypes, TargetSchema } from '../channel/types.ts';
import { Id, InSpace, Metadata, EmptyOutput, Paging } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import { cleanedText, isPlainText, NOT_PLAIN, shortText } from '../core/text.ts';
import {
  ConversationSchema,
  hasOneId,
  owners,
  ParticipantChange,
  ParticipantRequest,
  ParticipantSchema,
} from './types.ts';

export * from './contacts.operations.ts';
export * from './messages.operations.ts';
export * from './rooms.operations.ts';
export * from './visibility.operations.ts';

const InConversation = { ...InSpace, conversationId: Id };
const base = '/spaces/:spaceId/conversations';
const one = `${base}/:conversationId`;

export const createConversation = defineOperation({
  name: 'conversation.create',
  kind: 'command',
  permission: 'conversations:create',
  summary: 'Create a conversation and join it; an agent participant starts its flow',
  http: { method: 'POST', path: base, status: 201 },
  input: z.strictObject({
    ...InSpace,
    roomId: Id.optional(),
    subject: shortText(500).optional(),
    participants: z.array(ParticipantRequest).max(200).default([]),
    metadata: Metadata.optional(),
  }),
  output: ConversationSchema,
});

export const listConversations = defineOperation({
  name: 'conversation.list',
  kind: 'query',
  permission: 'conversations:read',
  summary: 'List conversations of a space, newest first by last activity or creation',
  http: { method: 'GET', path: base },
  visitor: true,
  input: z.strictObject({
    ...InSpace,
    ...Paging,
    sort: z.enum(['lastActivity', 'createdAt']).default('lastActivity'),
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
  summary: 'Get a conversation',
  visitor: true,
  http: { method: 'GET', path: one },
  input: z.strictObject(InConversation),
  output: ConversationSchema,
});

export const updateConversation = defineOperation({
  name: 'conversation.update',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Update status, subject, labels, assignee or metadata; metadata is merged (RFC 7396)',
  http: { method: 'PATCH', path: one },
  input: z.strictObject({
    ...InConversation,
    status: z.enum(['open', 'paused', 'closed']).optional(),
    subject: shortText(500).nullable().optional(),
    labels: z.array(z.string().min(1).max(100).refine(isPlainText, NOT_PLAIN)).max(50).optional(),
    assignee: Id.nullable().optional(),
    metadata: Metadata.nullable().optional(),
  }),
  output: ConversationSchema,
});

export const deleteConversation = defineOperation({
  name: 'conversation.delete',
  kind: 'command',
  permission: 'conversations:manage',
  summary:
    'Delete a conversation permanently with its messages, history and files; 409 `call_live` during a call',
  http: { method: 'DELETE', path: one },
  input: z.strictObject(InConversation),
  output: EmptyOutput,
});

export const listParticipants = defineOperation({
  name: 'conversation.list_participants',
  kind: 'query',
  permission: 'conversations:read',
  summary: 'List participants of a conversation',
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
  input: z.strictObject({ ...InConversation, ...ParticipantRequest.shape }).refine(...hasOneId),
  output: ParticipantSchema,
});

export const updateParticipant = defineOperation({
  name: 'conversation.update_participant',
  kind: 'command',
  permission: 'conversations:manage',
  summary: "Change a participant's role, or whether an agent answers automatically",
  http: { method: 'PATCH', path: `${one}/participants/:participantId` },
  input: z.strictObject({ ...InConversation, participantId: Id, ...ParticipantChange }),
  output: ParticipantSchema,
});

export const removeParticipant = defineOperation({
  name: 'conversation.remove_participant',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Remove a participant',
  http: { method: 'DELETE', path: `${one}/participants/:participantId` },
  input: z.strictObject({ ...InConversation, participantId: Id }),
  output: EmptyOutput,
});

export const takeOver = defineOperation({
  name: 'conversation.take_over',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Take over a conversation: a person answers from now on',
  http: { method: 'POST', path: `${one}/takeover` },
  input: z.strictObject(InConversation),
  output: ConversationSchema,
});

export const release = defineOperation({
  name: 'conversation.release',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Release a conversation: the flow answers from now on',
  http: { method: 'POST', path: `${one}/release` },
  input: z.strictObject(InConversation),
  output: ConversationSchema,
});

export const handOff = defineOperation({
  name: 'conversation.hand_off',
  kind: 'command',
  permission: 'conversations:manage',
  summary: 'Request a handoff to a person',
  http: { method: 'POST', path: `${one}/handoff` },
  input: z.strictObject({ ...InConversation, reason: z.string().max(500).optional() }),
  output: ConversationSchema,
});

export const openForChannel = defineOperation({
  name: 'conversation.open_for_channel',
  kind: 'command',
  permission: 'internal',
  summary: 'Find or create the active conversation of a sender in a channel, for a call or live session',
  input: z.strictObject({
    ...InSpace,
    channelId: Id,
    deploymentType: z.enum(deploymentTypes),
    sender: z.strictObject({ id: z.string().min(1).max(200), name: cleanedText(200).nullable() }),
    /** The contact, where the channel knows it already (a visitor). */
    contactId: Id.nullable(),
    target: TargetSchema.nullable(),
    targetName: z.string().nullable(),
    /** Id of the conversation where one begins: its channel has named it before. */
    conversationId: Id.optional(),
    /** The call that goes there: it shares its conversation with no other one that goes on. */
    callId: Id.optional(),
  }),
  output: z.object({
    conversationId: Id,
    contactId: Id.nullable(),
    created: z.boolean(),
    /** The sequence before anything that this opening made: a new conversation's is 0. */
    afterSequence: z.int(),
    status: z.enum(['open', 'paused', 'closed']),
  }),
});
