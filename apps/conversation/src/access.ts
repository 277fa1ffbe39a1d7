import { type Author, badRequest, notFound, permissionDenied, type Principal } from '@parley/contracts';
import type { ConversationRow } from './database.ts';

/** A visitor sees its own conversations alone; for anybody else of the space every conversation is there. */
export function requireOwn(principal: Principal, row: ConversationRow | undefined): ConversationRow {
  if (!row || (principal.type === 'visitor' && row.contact_id !== principal.contactId))
    throw notFound('The conversation');
  return row;
}

export function isVisitor(principal: Principal): boolean {
  return principal.type === 'visitor';
}

/** The id under which a principal reads: an account's or a contact's. */
export function readerOf(principal: Principal): string {
  return principal.contactId ?? principal.accountId ?? principal.id;
}

/** Who writes, as messages name it. */
export function authorOf(principal: Principal): Author {
  if (principal.type === 'visitor') {
    if (!principal.contactId) throw permissionDenied('This visitor has no contact.');
    return { type: 'contact', contactId: principal.contactId, name: principal.name ?? 'Visitor' };
  }
  return { type: 'account', accountId: principal.accountId ?? null, name: principal.name ?? 'API' };
}

export function cursorOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (!/^[a-z]+_[0-9a-z]+$/.test(cursor))
    throw badRequest('The cursor is not one that a list gave. Start again without it.');
  return cursor;
}

/** Cuts the extra row and names the next cursor. */
export function page<Row extends { id: string }, Item>(
  rows: Row[],
  limit: number,
  map: (row: Row) => Item,
): { data: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  return { data: shown.map(map), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
