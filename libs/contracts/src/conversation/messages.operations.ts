import { z } from 'zod';
import { Id, InSpace, Metadata, EmptyOutput, Paging, QueryFlag } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import {
  AuthorSchema,
  ConversationEventSchema,
  Emoji,
  MessageSchema,
  Parts,
  ReceiptSchema,
} from './types.ts';

const InConversation = { ...InSpace, conversationId: Id };
const OfMessage = { ...InConversation, messageId: Id };
const one = '/spaces/:spaceId/conversations/:conversationId';
const message = `${one}/messages/:messageId`;

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
  summary: "Post a visitor's message to its active conversation of the channel; creates one if needed",
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
  summary: 'List messages of a conversation, ascending by sequence',
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
  summary: 'Get a message',
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
  summary: 'Delete a message; an empty message remains in its place',
  http: { method: 'DELETE', path: `${one}/messages/:messageId` },
  input: z.strictObject({ ...InConversation, messageId: Id }),
  output: MessageSchema,
});

export const markRead = defineOperation({
  name: 'conversation.mark_read',
  kind: 'command',
  permission: 'messages:read',
  summary: 'Mark messages up to a sequence as read',
  visitor: true,
  http: { method: 'POST', path: `${one}/read` },
  input: z.strictObject({ ...InConversation, sequence: z.int().min(0) }),
  output: EmptyOutput,
});

export const listEvents = defineOperation({
  name: 'conversation.list_events',
  kind: 'query',
  permission: 'messages:read',
  summary: 'List events of a conversation, ascending by sequence',
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

export const addReaction = defineOperation({
  name: 'conversation.add_reaction',
  kind: 'command',
  permission: 'messages:write',
  summary: 'Add a reaction to a message; repeating it has no effect',
  visitor: true,
  http: { method: 'POST', path: `${message}/reactions`, status: 201 },
  input: z.strictObject({ ...OfMessage, emoji: Emoji }),
  output: MessageSchema,
});

export const removeReaction = defineOperation({
  name: 'conversation.remove_reaction',
  kind: 'command',
  permission: 'messages:write',
  summary: 'Remove your reaction from a message',
  visitor: true,
  http: { method: 'DELETE', path: `${message}/reactions` },
  input: z.strictObject({ ...OfMessage, emoji: Emoji }),
  output: MessageSchema,
});

export const listReceipts = defineOperation({
  name: 'conversation.list_receipts',
  kind: 'query',
  permission: 'messages:read',
  summary: 'List who has read a message',
  visitor: true,
  http: { method: 'GET', path: `${message}/receipts` },
  input: z.strictObject(OfMessage),
  output: listOf(ReceiptSchema),
});

/** A query: nothing is stored, and nothing is remembered for repeats. */
export const setTyping = defineOperation({
  name: 'conversation.set_typing',
  kind: 'query',
  permission: 'messages:write',
  summary: 'Show that you are typing',
  visitor: true,
  http: { method: 'POST', path: `${one}/typing` },
  input: z.strictObject(InConversation),
  output: EmptyOutput,
});

export const searchMessages = defineOperation({
  name: 'conversation.search',
  kind: 'query',
  permission: 'messages:read',
  summary: 'Search messages by words, parts of words, author, time, channel and files, newest first',
  http: { method: 'GET', path: '/spaces/:spaceId/search' },
  input: z
    .strictObject({
      ...InSpace,
      ...Paging,
      q: z.string().trim().min(1).max(200).optional(),
      author: Id.optional(),
      authorType: AuthorSchema.shape.type.optional(),
      after: z.iso.datetime({ offset: true }).optional(),
      before: z.iso.datetime({ offset: true }).optional(),
      channelId: Id.optional(),
      hasFile: QueryFlag.optional(),
    })
    .refine(
      ({ q, author, authorType, after, before, channelId, hasFile }) =>
        [q, author, authorType, after, before, channelId, hasFile].some((given) => given !== undefined),
      {
        path: ['q'],
        message:
          'is needed unless a filter is given: author, authorType, after, before, channelId or hasFile',
      },
    )
    .refine(({ after, before }) => !after || !before || Date.parse(after) < Date.parse(before), {
      path: ['before'],
      message: 'is not later than after',
    }),
  output: listOf(MessageSchema),
});
