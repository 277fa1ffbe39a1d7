import {
  type Author,
  conflict,
  type Message,
  messageForVisitor,
  notFound,
  permissionDenied,
  type Principal,
  type ProblemError,
} from '@parley/contracts';
import type { ConversationRow } from './database.ts';

/** A visitor sees its own conversations alone; for anybody else of the space every conversation is there. */
export function requireOwn(principal: Principal, row: ConversationRow | undefined): ConversationRow {
  if (!row || (principal.type === 'visitor' && !isOwn(principal, row))) throw notFound('The conversation');
  return row;
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

/** Who writes, as messages name it. */
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
