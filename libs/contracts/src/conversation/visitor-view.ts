import type { Conversation, Message, Participant } from './types.ts';

/**
 * What a visitor may see of its own conversation. Everything that reaches a visitor passes through here: answers of
 * operations, the history of events, and live frames. Fields and events that are not named here are hidden.
 */

type Data = Record<string, unknown>;

/** A message as its visitor sees it; null for an internal note. */
export function messageForVisitor(message: Message): Message | null {
  if (message.internal) return null;
  const isOwn = message.author.type === 'contact';
  const isDeleted = message.parts.length === 0;
  return {
    ...message,
    author: authorForVisitor(message.author),
    // Quotes and the words of a speech belong to the wording that was replaced.
    citations: isDeleted ? [] : message.citations,
    speech: message.editedAt === null ? message.speech : null,
    statusReason: null,
    reactions: message.reactions.map(({ emoji, contactId }) =>
      contactId ? { emoji, contactId } : { emoji, accountId: null },
    ),
    metadata: isOwn ? message.metadata : {},
  };
}

/** Members are known by name. Older messages of keys without an account hold a name that only members may read. */
function authorForVisitor(author: Message['author']): Message['author'] {
  const { type, name, contactId, agentId, accountId, spaceId } = author;
  const isKey = type === 'account' && !accountId && !spaceId;
  return {
    type,
    contactId: contactId ?? null,
    agentId: agentId ?? null,
    accountId: null,
    name: isKey ? '' : name,
  };
}

/** The contact and the agents that answer; members take part unseen until they write. */
function participantForVisitor(participant: Participant): Participant | null {
  const { contactId, agentId, role } = participant;
  if (role === 'observer' || (contactId === null && agentId === null)) return null;
  return { ...participant, accountId: null };
}

function participantsForVisitor(participants: readonly Participant[]): Participant[] {
  return participants.flatMap((one) => participantForVisitor(one) ?? []);
}

/** A conversation as its visitor sees it. */
export function conversationForVisitor(conversation: Conversation): Conversation {
  const { lastMessage, participants } = conversation;
  return {
    ...conversation,
    assignee: null,
    subject: null,
    labels: [],
    lastMessage: lastMessage && messageForVisitor(lastMessage),
    participants: participantsForVisitor(participants),
    metadata: {},
  };
}

const noResponders = {
  target: null,
  agentIds: [],
  origin: { channelId: null, deploymentType: null, senderId: null },
};

/** The data of each event that a visitor sees; null hides one. */
const views: Readonly<Record<string, (data: Data) => Data | null>> = {
  'conversation.created': ({ roomId, contactId, owner, participants }) => ({
    ...{ roomId, contactId, owner, subject: null, ...noResponders },
    participants: participantsForVisitor((participants ?? []) as Participant[]),
  }),
  'conversation.message_posted': ({ message, owner, contactId, attempt }) =>
    withMessage(message, {
      ...{ owner, contactId, attempt: attempt ?? null, inReplyTo: null, wakes: false },
      ...noResponders,
    }),
  'conversation.message_changed': ({ message, change }) => withMessage(message, { change }),
  'conversation.message_status_changed': ({ messageId, status }) => ({
    ...{ messageId, status, statusReason: null },
  }),
  'conversation.participant_joined': ({ participant }) => withParticipant(participant),
  'conversation.participant_left': ({ participant }) => withParticipant(participant),
  'conversation.participant_changed': ({ participant }) => withParticipant(participant),
  'conversation.owner_changed': ({ owner, handoff }) => ({
    ...{ owner, assignee: null, by: null, reason: null },
    ...(handoff === undefined ? {} : { handoff }),
  }),
  'conversation.status_changed': ({ status }) => ({ status }),
  'conversation.read': ({ readSequence, contactId }) => ({
    ...{ readSequence, accountId: null, contactId: contactId ?? null },
  }),
  'conversation.contact_erased': () => ({}),
  'conversation.deleted': () => ({}),
};

function withMessage(message: unknown, rest: Data): Data | null {
  const seen = messageForVisitor(message as Message);
  return seen && { message: seen, ...rest };
}

function withParticipant(participant: unknown): Data | null {
  const seen = participantForVisitor(participant as Participant);
  return seen && { participant: seen };
}

/** The data of an event as its visitor sees it; null for an event that it does not see. */
export function eventForVisitor(name: string, data: Data): Data | null {
  const view = Object.hasOwn(views, name) ? views[name] : undefined;
  const seen = view?.(data);
  if (!seen) return null;
  return { conversationId: data['conversationId'], sequence: data['sequence'], ...seen };
}
