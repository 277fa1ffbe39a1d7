import { type Author, type Part, timeOfId } from '@parley/contracts';
import { partTerms, segmenterVersion, toTsvector } from '@parley/text';
import type { MessageRow } from '../database.ts';

/** Terms that a message is filtered by. No word of a text begins with @. */
export const filterTerms = {
  author: (id: string): string => `@from:${id}`,
  authorType: (type: Author['type']): string => `@type:${type}`,
  channel: (id: string): string => `@in:${id}`,
  file: (hasFile: boolean): string => `@file:${hasFile ? 'yes' : 'no'}`,
} as const;

/** Periods that a message's time is a term of, as the powers of two of their milliseconds: from 17 minutes to 199 days. */
const PERIODS = [20, 22, 24, 26, 28, 30, 32, 34];

/** What of a message search reads. */
export interface SearchedMessage {
  id: string;
  author: Author;
  parts: readonly Part[];
  channelId: string | null;
}

/** The terms of a message, as the text of a `tsvector`: of its text, and those that it is filtered by. */
export function messageTerms({ id, author, parts, channelId }: SearchedMessage): string {
  const terms = new Set(partTerms(textOf(parts)));
  for (const value of [author.contactId, author.accountId, author.agentId, author.spaceId])
    if (value) terms.add(filterTerms.author(value));
  terms.add(filterTerms.authorType(author.type));
  if (channelId !== null) terms.add(filterTerms.channel(channelId));
  terms.add(filterTerms.file(parts.some(({ type }) => type === 'attachment')));
  const time = timeOfId(id);
  for (const period of PERIODS) terms.add(periodTerm(period, time));
  return toTsvector([...terms].map((term) => ({ term })));
}

/** The term of the period of 2^power milliseconds that holds a time. */
function periodTerm(power: number, time: number): string {
  return `@${power}:${Math.floor(time / 2 ** power).toString(16)}`;
}

/** A row of `message_search` for a message. */
export function searchRowOf(
  row: Pick<MessageRow, 'space_id' | 'id' | 'author' | 'parts' | 'channel_id' | 'created_at'>,
  audience: readonly string[] | null,
): {
  space_id: string;
  message_id: string;
  audience: string | null;
  created_at: Date;
  version: number;
  terms: string;
} {
  const { id, author, parts, channel_id: channelId } = row;
  return {
    space_id: row.space_id,
    message_id: id,
    audience: audience && JSON.stringify(audience),
    created_at: row.created_at,
    version: segmenterVersion,
    terms: messageTerms({ id, author, parts, channelId }),
  };
}

/** What is searched of a message: its text, and the names of its files. */
export function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => (part.type === 'text' ? part.text : part.type === 'attachment' ? part.name : ''))
    .join('\n');
}
