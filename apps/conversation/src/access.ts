import {
  type Author,
  conflict,
  isBareKey,
  type Message,
  messageForVisitor,
  notFound,
  permissionDenied,
  type Principal,
  type ProblemError,
} from '@parley/contracts';
import type { ConversationRow } from './database.ts';

/** Visitors see their own conversations only, direct rooms are limited to their participants. @throws ProblemError 404 */
export function requireVisible(principal: Principal, row: ConversationRow | undefined): ConversationRow {
  if (!row || !isInAudience(principal, row.audience)) throw notFound('The conversation');
  if (principal.type === 'visitor' && !isOwnConversation(principal, row)) throw notFound('The conversation');
  return row;
}

/** Whether a principal belongs to the audience of a conversation; null is the whole space. */
export function isInAudience(principal: Principal, audience: readonly string[] | null): boolean {
  if (audience === null || principal.type === 'service') return true;
  return principal.accountId !== undefined && audience.includes(principal.accountId);
}

/** Returns the filter for direct rooms of a principal; undefined for services, which see all. */
export function audienceFilterOf(principal: Principal): { accountId: string | null } | undefined {
  return principal.type === 'service' ? undefined : { accountId: principal.accountId ?? null };
}

/** @throws ProblemError 409 for a direct room, whose participants and owner are fixed */
export function requireNotDirect(row: ConversationRow): void {
  if (row.audience !== null) throw directRoomConflict();
}

/** 409 for an operation that direct rooms do not support. */
export function directRoomConflict(): ProblemError {
  return conflict(
    'A direct room stays that of its two participants, without contacts, takeover, handoff and assignment. Use a standard room.',
    'direct_room',
  );
}

/** After a merge of contacts, a visitor is recognised by channel and sender. */
function isOwnConversation(principal: Principal, row: ConversationRow): boolean {
  if (row.contact_id !== null && row.contact_id === principal.contactId) return true;
  return (
    principal.channelId !== undefined &&
    row.channel_id === principal.channelId &&
    row.sender_id === principal.visitorId
  );
}

export function isVisitor(principal: Principal): boolean {
  return principal.type === 'visitor';
}

/** Returns the view of a message for a principal. */
export function messageFor(principal: Principal, message: Message): Message {
  if (!isVisitor(principal)) return message;
  const seen = messageForVisitor(message);
  if (!seen) throw notFound('The message');
  return seen;
}

/** Returns the filter for a visitor's own conversations; undefined for other principals. */
export function visitorFilterOf(
  principal: Principal,
): { contactId: string; channelId: string; senderId: string } | undefined {
  if (principal.type !== 'visitor') return undefined;
  const { contactId = '', channelId = '', visitorId = '' } = principal;
  return { contactId, channelId, senderId: visitorId };
}

/** Id of a principal's read markers: an account or a contact. */
export function readerIdOf(principal: Principal): string {
  return principal.contactId ?? principal.accountId ?? principal.id;
}

/** Author of a principal's messages. An API key posts under the name of its space. */
export function writerOf(
  principal: Principal,
  space: { id: string; name: string | null },
  conversation?: ConversationRow,
): Author {
  if (!isBareKey(principal)) return authorOf(principal, conversation);
  return { type: 'account', accountId: null, spaceId: space.id, name: space.name ?? 'Team' };
}

/** Author of a principal's actions. */
export function authorOf(principal: Principal, conversation?: ConversationRow): Author {
  if (principal.type === 'visitor') {
    const contactId = conversation?.contact_id ?? principal.contactId;
    if (!contactId) throw permissionDenied('This visitor has no contact.');
    return { type: 'contact', contactId, name: principal.name ?? 'Visitor' };
  }
  return { type: 'account', accountId: principal.accountId ?? null, name: principal.name ?? 'API' };
}

export function alreadyParticipates(): ProblemError {
  return conflict('Takes part already.', 'already_takes_part');
}

export function participantNotFound(): ProblemError {
  return notFound('The participant');
}
