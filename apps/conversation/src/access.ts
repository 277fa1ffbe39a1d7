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

/** A visitor sees its own conversations alone, and a direct room's only its two participants; others are the whole space's. */
export function requireOwn(principal: Principal, row: ConversationRow | undefined): ConversationRow {
  if (!row || !isInAudience(principal, row.audience)) throw notFound('The conversation');
  if (principal.type === 'visitor' && !isOwn(principal, row)) throw notFound('The conversation');
  return row;
}

/** Whether a principal is one of those who alone may see a direct room's conversation; null: the whole space may. */
export function isInAudience(principal: Principal, audience: readonly string[] | null): boolean {
  if (audience === null || principal.type === 'service') return true;
  return principal.accountId !== undefined && audience.includes(principal.accountId);
}

/** What narrows lists to what a principal may see of direct rooms; undefined for a service, which sees all. */
export function audienceOf(principal: Principal): { accountId: string | null } | undefined {
  return principal.type === 'service' ? undefined : { accountId: principal.accountId ?? null };
}

/** @throws ProblemError 409 for a conversation of a direct room, whose two participants and whose owner stay */
export function requireShared(row: ConversationRow): void {
  if (row.audience !== null) throw directRoom();
}

/** 409: what a direct room does not have. */
export function directRoom(): ProblemError {
  return conflict(
    'A direct room stays that of its two participants, without contacts, takeover, handoff and assignment. Use a standard room.',
    'direct_room',
  );
}

/** A visitor keeps its conversations when its contact was merged into another: then channel and sender tell. */
function isOwn(principal: Principal, row: ConversationRow): boolean {
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

/** A message as the principal may see it. */
export function seenBy(principal: Principal, message: Message): Message {
  if (!isVisitor(principal)) return message;
  const seen = messageForVisitor(message);
  if (!seen) throw notFound('The message');
  return seen;
}

/** What narrows a visitor's lists to its own. */
export function ownOf(
  principal: Principal,
): { contactId: string; channelId: string; senderId: string } | undefined {
  if (principal.type !== 'visitor') return undefined;
  const { contactId = '', channelId = '', visitorId = '' } = principal;
  return { contactId, channelId, senderId: visitorId };
}

/** The id under which a principal reads: an account's or a contact's. */
export function readerOf(principal: Principal): string {
  return principal.contactId ?? principal.accountId ?? principal.id;
}

/** Who writes, as messages name it. A key's own name is nobody's to see: it writes for its space. */
export function writerOf(
  principal: Principal,
  space: { id: string; name: string | null },
  conversation?: ConversationRow,
): Author {
  if (!isBareKey(principal)) return authorOf(principal, conversation);
  return { type: 'account', accountId: null, spaceId: space.id, name: space.name ?? 'Team' };
}

/** Who acts, as members see it. */
export function authorOf(principal: Principal, conversation?: ConversationRow): Author {
  if (principal.type === 'visitor') {
    const contactId = conversation?.contact_id ?? principal.contactId;
    if (!contactId) throw permissionDenied('This visitor has no contact.');
    return { type: 'contact', contactId, name: principal.name ?? 'Visitor' };
  }
  return { type: 'account', accountId: principal.accountId ?? null, name: principal.name ?? 'API' };
}

export function alreadyTakesPart(): ProblemError {
  return conflict('Takes part already.', 'already_takes_part');
}

export function unknownPart(): ProblemError {
  return notFound('The participant');
}
