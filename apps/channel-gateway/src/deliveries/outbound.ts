import {
  type DeliveryKind,
  type EventEnvelope,
  type Message,
  type messageChanged,
  messageForVisitor,
  type messagePosted,
} from '@parley/contracts';

export type Posted = EventEnvelope<typeof messagePosted>;
export type Changed = EventEnvelope<typeof messageChanged>;

/** What an event has to deliver to the contact of a conversation; the message as the contact may see it. */
export interface Outbound {
  spaceId: string;
  channelId: string;
  conversationId: string;
  kind: DeliveryKind;
  /** The event of a change; null for the message itself. */
  sourceId: string | null;
  to: string | null;
  /** The id that the contact's system gave the message that is answered, or that is changed. */
  inReplyTo: string | null;
  message: Message;
}

const kinds: Partial<Record<Changed['data']['change'], DeliveryKind>> = {
  edited: 'message_changed',
  deleted: 'message_deleted',
  reaction: 'reaction',
};

/** The delivery of a message that was posted; null for what the contact wrote or is not to see. */
export function outboundOfPosted({ spaceId, data }: Posted): Outbound | null {
  const { origin, inReplyTo, conversationId } = data;
  const message = data.message.author.type === 'contact' ? null : messageForVisitor(data.message);
  if (origin.channelId === null || message === null) return null;
  const { channelId, senderId: to } = origin;
  return { spaceId, channelId, conversationId, kind: 'message', sourceId: null, to, inReplyTo, message };
}

/** The delivery of a change; null for notes of the team, and for what was heard of a spoken message. */
export function outboundOfChanged({ id: sourceId, spaceId, data }: Changed): Outbound | null {
  const { origin, change, conversationId, providerMessageId: inReplyTo = null } = data;
  const kind = kinds[change];
  const message = messageForVisitor(data.message);
  if (!kind || !origin?.channelId || message === null) return null;
  const { channelId, senderId: to } = origin;
  return { spaceId, channelId, conversationId, kind, sourceId, to, inReplyTo, message };
}
