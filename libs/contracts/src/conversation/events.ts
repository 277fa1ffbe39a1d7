import { z } from 'zod';
import { Id } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';
import {
  AuthorSchema,
  ContactSchema,
  MessageSchema,
  messageStatuses,
  OriginSchema,
  ParticipantSchema,
  owners,
} from './types.ts';

/** What every durable event of a conversation carries: its gapless place, and who may see it. */
const InConversation = {
  conversationId: Id,
  sequence: z.int().min(1),
  /** The accounts and agents that alone may see it: those of a direct room. Absent where the whole space may. */
  audience: z.array(Id).optional(),
};
const key = (data: { conversationId: string }): string => data.conversationId;
const sequence = (data: { sequence: number }): number => data.sequence;

/** Who answers: the channel's target and the agents that respond by themselves. */
const Responders = {
  target: z.object({ agentId: Id.nullish(), flowId: Id.nullish() }).nullable(),
  agentIds: z.array(Id),
};

export const conversationCreated = defineEvent({
  name: 'conversation.created',
  summary: 'A conversation was created',
  data: z.object({
    ...InConversation,
    roomId: Id,
    contactId: Id.nullable(),
    owner: z.enum(owners),
    subject: z.string().nullable(),
    participants: z.array(ParticipantSchema),
    origin: OriginSchema,
    ...Responders,
  }),
  key,
  sequence,
});

export const messagePosted = defineEvent({
  name: 'conversation.message_posted',
  summary: 'A message was posted',
  data: z.object({
    ...InConversation,
    message: MessageSchema,
    owner: z.enum(owners),
    contactId: Id.nullable(),
    origin: OriginSchema,
    ...Responders,
    /** The id the sender's system gave the message this one answers, for delivery. */
    inReplyTo: z.string().nullable(),
    /** Attempt of the model call that made it; 1 unless it was started anew. */
    attempt: z.int().min(1).nullable(),
    /** Whether this message wakes the owner flow (a contact's, or an account's where there is no contact). */
    wakes: z.boolean(),
    /** What was heard of answers that are not posted yet: the caller spoke into them while they were being written. */
    heard: z.array(z.object({ messageId: Id, spoken: z.string() })).optional(),
    /** Language of the channel or call the message came through (BCP 47). Absent where none is set. */
    language: z.string().optional(),
  }),
  key,
  sequence,
});

export const messageChanged = defineEvent({
  name: 'conversation.message_changed',
  summary: 'A message was edited, deleted, reacted to or spoken',
  data: z.object({
    ...InConversation,
    message: MessageSchema,
    change: z.enum(['edited', 'deleted', 'reaction', 'speech']),
    /** Where the contact is reached, for delivery. Absent in events from before changes were delivered. */
    origin: OriginSchema.optional(),
    /** The id that the sender's system gave the message; null for messages of this side. */
    providerMessageId: z.string().nullish(),
  }),
  key,
  sequence,
});

export const messageStatusChanged = defineEvent({
  name: 'conversation.message_status_changed',
  summary: "A message's delivery status advanced",
  data: z.object({
    ...InConversation,
    messageId: Id,
    status: z.enum(messageStatuses),
    statusReason: z.string().nullable(),
  }),
  key,
  sequence,
});

export const participantJoined = defineEvent({
  name: 'conversation.participant_joined',
  summary: 'A participant joined',
  data: z.object({ ...InConversation, participant: ParticipantSchema }),
  key,
  sequence,
});

export const participantLeft = defineEvent({
  name: 'conversation.participant_left',
  summary: 'A participant left',
  data: z.object({ ...InConversation, participant: ParticipantSchema }),
  key,
  sequence,
});

export const participantChanged = defineEvent({
  name: 'conversation.participant_changed',
  summary: "A participant's role, or whether it answers automatically, changed",
  data: z.object({ ...InConversation, participant: ParticipantSchema }),
  key,
  sequence,
});

export const ownerChanged = defineEvent({
  name: 'conversation.owner_changed',
  summary: 'The owner of a conversation (the side that answers) changed',
  data: z.object({
    ...InConversation,
    owner: z.enum(owners),
    assignee: Id.nullable(),
    by: AuthorSchema.nullable(),
    reason: z.string().nullable(),
    /** Somebody asked for a person by the API; what a flow asks for is told by `flow.handoff_requested`. */
    handoff: z.boolean().optional(),
  }),
  key,
  sequence,
});

export const statusChanged = defineEvent({
  name: 'conversation.status_changed',
  summary: 'A conversation was opened, paused or closed',
  data: z.object({ ...InConversation, status: z.enum(['open', 'paused', 'closed']) }),
  key,
  sequence,
});

export const conversationRead = defineEvent({
  name: 'conversation.read',
  summary: 'A participant read up to a sequence',
  data: z.object({
    ...InConversation,
    readSequence: z.int(),
    accountId: Id.nullable(),
    contactId: Id.nullable(),
  }),
  key,
  sequence,
});

export const contactErased = defineEvent({
  name: 'conversation.contact_erased',
  summary: "The contact of a conversation was erased: consumers must delete the person's data",
  data: z.object(InConversation),
  key,
  sequence,
});

export const conversationDeleted = defineEvent({
  name: 'conversation.deleted',
  summary: 'A conversation was deleted permanently; this is its last event, consumers must delete its data',
  data: z.object(InConversation),
  key,
  sequence,
});

const OfContact = { contactId: Id };
const contactKey = (data: { contactId: string }): string => data.contactId;

export const contactCreated = defineEvent({
  name: 'conversation.contact_created',
  summary: 'A contact was created by the API, or by the first message or call of an unknown sender',
  data: z.object({ ...OfContact, contact: ContactSchema }),
  key: contactKey,
});

export const contactUpdated = defineEvent({
  name: 'conversation.contact_updated',
  summary: 'A contact or its identities changed',
  data: z.object({ ...OfContact, contact: ContactSchema }),
  key: contactKey,
});

export const contactMerged = defineEvent({
  name: 'conversation.contact_merged',
  summary: 'A contact was merged into another contact',
  data: z.object({
    ...OfContact,
    mergedInto: Id,
    /** The contact that it is part of now. */
    contact: ContactSchema,
  }),
  key: contactKey,
});

export const conversationEvents = [
  conversationCreated,
  messagePosted,
  messageChanged,
  messageStatusChanged,
  participantJoined,
  participantLeft,
  participantChanged,
  ownerChanged,
  statusChanged,
  conversationRead,
  contactErased,
  conversationDeleted,
  contactCreated,
  contactUpdated,
  contactMerged,
];
