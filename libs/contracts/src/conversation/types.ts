import { z } from 'zod';
import { Id, ResourceFields, Timestamp } from '../core/common.ts';
import { cleanedText } from '../core/text.ts';

/** Largest message as JSON, in bytes. */
export const MESSAGE_LIMIT = 64 * 1024;

/** Text, an attachment or data. */
export const PartSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('text'),
      text: z.string().min(1).max(32_000),
      format: z.enum(['plain', 'markdown']).default('plain'),
    }),
    z.strictObject({
      type: z.literal('attachment'),
      assetId: Id,
      name: cleanedText(255),
      contentType: z.string().max(127),
      size: z.int().min(0),
    }),
    z.strictObject({ type: z.literal('data'), data: z.record(z.string().max(128), z.json()) }),
  ])
  .meta({ id: 'MessagePart' });

/** One part of a message. */
export type Part = z.infer<typeof PartSchema>;

/** The parts of a message: 1 to 20, at most 64 KiB as JSON. */
export const Parts = z
  .array(PartSchema)
  .min(1)
  .max(20)
  .refine((parts) => new TextEncoder().encode(JSON.stringify(parts)).length <= MESSAGE_LIMIT, {
    message: 'is larger than 64 KiB',
    params: { tooLarge: true },
  });

/** A verbatim quote of a passage and where it stands. */
export const CitationSchema = z
  .object({ documentId: Id, title: z.string(), passageId: Id, quote: z.string(), url: z.string().nullish() })
  .meta({ id: 'Citation' });

/** One citation. */
export type Citation = z.infer<typeof CitationSchema>;

/** Who wrote a message. */
export const AuthorSchema = z
  .object({
    type: z.enum(['contact', 'account', 'agent', 'system']),
    contactId: Id.nullish(),
    accountId: Id.nullish(),
    agentId: Id.nullish(),
    /** An API key without an account writes for the space: under its name, never the key's. */
    spaceId: Id.nullish(),
    name: z.string(),
  })
  .meta({ id: 'Author' });

/** Who wrote a message. */
export type Author = z.infer<typeof AuthorSchema>;

/** Delivery status, in rising order; a later one is never replaced by an earlier one. */
export const messageStatuses = ['accepted', 'sent', 'delivered', 'read', 'failed'] as const;

/** What somebody put on a message. */
export const ReactionSchema = z.object({
  emoji: z.string(),
  accountId: Id.nullish(),
  contactId: Id.nullish(),
});

/** One reaction. */
export type Reaction = z.infer<typeof ReactionSchema>;

/** One emoji. Its forms with and without U+FE0F are the same reaction; skin tones are different ones. */
export const Emoji = z
  .string()
  .min(1)
  .max(64)
  .regex(/^\S+$/, 'is one emoji')
  .meta({ examples: ['👍'] });

/** That somebody has read a message. */
export const ReceiptSchema = z
  .object({ accountId: Id.nullable(), contactId: Id.nullable(), status: z.literal('read'), at: Timestamp })
  .meta({ id: 'Receipt' });

/** A message of a conversation. */
export const MessageSchema = z
  .object({
    id: Id,
    conversationId: Id,
    sequence: z.int(),
    author: AuthorSchema,
    parts: z.array(PartSchema),
    citations: z.array(CitationSchema),
    replyTo: Id.nullable(),
    internal: z.boolean(),
    status: z.enum(messageStatuses),
    statusReason: z.string().nullable(),
    speech: z
      .object({
        generated: z.string(),
        spoken: z.string(),
        interruptedAtMs: z.int().nullable(),
        startedAt: Timestamp,
        endedAt: Timestamp,
      })
      .nullable(),
    reactions: z.array(ReactionSchema),
    editedAt: Timestamp.nullable(),
    ...ResourceFields,
  })
  .meta({ id: 'Message' });

/** A message. */
export type Message = z.infer<typeof MessageSchema>;

/** Roles of a participant. */
export const participantRoles = ['owner', 'member', 'observer'] as const;

/** Somebody who takes part. */
export const ParticipantSchema = z
  .object({
    id: Id,
    accountId: Id.nullable(),
    contactId: Id.nullable(),
    agentId: Id.nullable(),
    name: z.string(),
    role: z.enum(participantRoles),
    autoRespond: z.boolean(),
  })
  .meta({ id: 'Participant' });

/** Somebody who takes part. */
export type Participant = z.infer<typeof ParticipantSchema>;

/** The rule that a participant is named by exactly one id: arguments of `refine`. */
export const hasOneId = [
  (value: { agentId?: string; accountId?: string; contactId?: string }): boolean =>
    [value.agentId, value.accountId, value.contactId].filter(Boolean).length === 1,
  'names exactly one of agentId, accountId and contactId',
] as const;

/** How a participant is named when a conversation or room is made: exactly one of the three ids. */
export const ParticipantRequest = z
  .strictObject({
    agentId: Id.optional(),
    accountId: Id.optional(),
    contactId: Id.optional(),
    role: z.enum(participantRoles).default('member'),
    autoRespond: z.boolean().optional(),
  })
  .refine(...hasOneId);

/** What may change of a participant: its role, and whether an agent answers by itself. */
export const ParticipantChange = {
  role: z.enum(participantRoles).optional(),
  autoRespond: z.boolean().optional(),
};

/** Which side answers. */
export const owners = ['flow', 'human', 'none'] as const;

/** A conversation: a thread in a room. */
export const ConversationSchema = z
  .object({
    id: Id,
    roomId: Id,
    channelId: Id.nullable(),
    contactId: Id.nullable(),
    status: z.enum(['open', 'paused', 'closed']),
    owner: z.enum(owners),
    assignee: Id.nullable(),
    subject: z.string().nullable(),
    labels: z.array(z.string()),
    lastSequence: z.int(),
    lastMessage: MessageSchema.nullable(),
    unread: z.int(),
    participants: z.array(ParticipantSchema),
    ...ResourceFields,
  })
  .meta({ id: 'Conversation' });

/** A conversation. */
export type Conversation = z.infer<typeof ConversationSchema>;

/** A persistent container of conversations. */
export const RoomSchema = z
  .object({
    id: Id,
    type: z.enum(['standard', 'direct']),
    name: z.string().nullable(),
    participants: z.array(ParticipantSchema),
    ...ResourceFields,
  })
  .meta({ id: 'Room' });

/** Under which name a channel, or everybody where there is none, knows a contact. */
export const IdentitySchema = z
  .object({
    type: z.enum(['phone', 'email', 'whatsapp', 'bsuid', 'messenger', 'instagram', 'visitor', 'custom']),
    value: z.string(),
    channelId: Id.nullable(),
    /** Proved by its channel, or given by the API: a verified phone number or e-mail address holds on every channel. */
    verified: z.boolean(),
  })
  .meta({ id: 'ContactIdentity' });

/** Under which name a contact is known. */
export type ContactIdentity = z.infer<typeof IdentitySchema>;

/** An identity as callers name it; those of channels' senders come from their messages. */
export const IdentityRequest = z.strictObject({
  type: z.enum(['phone', 'email', 'custom']),
  value: z.string().min(1).max(254),
  channelId: Id.optional(),
});

/** A person outside. */
export const ContactSchema = z
  .object({
    id: Id,
    name: z.string().nullable(),
    identities: z.array(IdentitySchema),
    /** The contact that this one became part of; its identities and conversations are there. */
    mergedInto: Id.nullable(),
    attributes: z.record(z.string(), z.json()),
    ...ResourceFields,
  })
  .meta({ id: 'Contact' });

/** A person outside. */
export type Contact = z.infer<typeof ContactSchema>;

/** Where messages of a conversation go and come from: copied into its events, so that nobody asks back. */
export const OriginSchema = z.object({
  channelId: Id.nullable(),
  /** Channel type and address of the contact there, for delivery. */
  deploymentType: z.string().nullable(),
  senderId: z.string().nullable(),
});

/** One entry of a conversation's ordered history of everything. */
export const ConversationEventSchema = z
  .object({
    id: Id,
    name: z.string(),
    conversationId: Id,
    sequence: z.int(),
    time: Timestamp,
    data: z.record(z.string(), z.json()),
  })
  .meta({ id: 'ConversationEvent' });
