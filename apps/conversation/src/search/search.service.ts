import { Injectable } from '@nestjs/common';
import { firstIdAt, type OperationInput, type searchMessages } from '@parley/contracts';
import type { ConversationTrx, MessageRow } from '../database.ts';
import { filterTerms, textOf } from './message-terms.ts';
import { MessageTermsRepository } from './message-terms.repository.ts';
import { readQuery, type SearchQuery } from './search-query.ts';
import {
  type MessageFilter,
  SearchRepository,
  type SearchScope,
  type SeenMatches,
} from './search.repository.ts';

/** Messages that are compared for one page: with a query whose terms say little, the page may end before it is full. */
const MOST_COMPARED = 1000;

/** Matches that are read at once after the first ones: as many as are expected to hold the words, and some more. */
const LEAST_BATCH = 50;
const MOST_BATCH = 400;
const SPARE = 1.3;

/** An id is drawn before its message is stored: by another clock, and earlier by the time that a delivery was delayed. */
const CLOCK_SKEW_MS = 60_000;
const LONGEST_DELAY_MS = 7 * 86_400_000;

export interface SearchPage {
  rows: MessageRow[];
  /** The id behind which the search goes on; null at its end. */
  next: string | null;
}

/** Finds messages by words, parts of words and filters. */
@Injectable()
export class SearchService {
  constructor(
    private readonly messages: SearchRepository,
    private readonly terms: MessageTermsRepository,
  ) {}

  async search(
    trx: ConversationTrx,
    input: OperationInput<typeof searchMessages>,
    at: { before: string | null; readerId: string | null },
  ): Promise<SearchPage> {
    const { spaceId, q: typed = '', limit } = input;
    const filter = await this.filterOf(trx, input);
    const query = readQuery(typed, termsOf(filter));
    if (typed !== '' && !query.hasWords) return { rows: [], next: null };
    const scope = scopeOf(input, at);
    const found = await this.exact(trx, query, scope);
    const page = (await this.terms.isIncomplete(trx, spaceId))
      ? await this.withUnsegmented(trx, found, { words: typed || null, filter, scope })
      : found;
    if (page.rows.length > 0 || page.next !== null || at.before !== null || !query.fuzzy) return page;
    const rows = await this.messages.findAlike(trx, query.fuzzy, { ...scope, limit });
    return { rows, next: null };
  }

  /** Terms that stand for several words may be there without the words: such messages are compared with the query. */
  private async exact(trx: ConversationTrx, query: SearchQuery, scope: SearchScope): Promise<SearchPage> {
    const { limit } = scope;
    let size = firstSize(query, limit);
    const rows: MessageRow[] = [];
    const seen: SeenMatches = { newest: null, count: 0 };
    let below = scope.below;
    for (;;) {
      const batch = await this.messages.find(trx, query, { ...scope, below, limit: size }, seen);
      pushHeld(rows, batch, query, limit + 1);
      if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1]?.id ?? null };
      seen.newest ??= batch[0]?.id ?? null;
      seen.count += batch.length;
      below = batch.at(-1)?.id ?? below;
      if (batch.length < size) return { rows, next: null };
      if (seen.count >= MOST_COMPARED) return { rows, next: below };
      size = nextSize(limit + 1 - rows.length, rows.length, seen.count);
    }
  }

  /** What is found by terms together with what the search before finds: each message once, newest first. */
  private async withUnsegmented(
    trx: ConversationTrx,
    found: SearchPage,
    asked: { words: string | null; filter: MessageFilter; scope: SearchScope },
  ): Promise<SearchPage> {
    const { words, filter, scope } = asked;
    const rows = new Map(found.rows.map((row) => [row.id, row]));
    let next: string | null = scope.below;
    let old = 0;
    do {
      const page = await this.messages.findUnsegmented(trx, words, filter, { ...scope, below: next });
      for (const row of page.rows) rows.set(row.id, row);
      old += page.rows.length;
      next = page.next;
    } while (next !== null && old <= scope.limit);
    const sorted = [...rows.values()].sort((left, right) => (left.id < right.id ? 1 : -1));
    // Where one of both ended early, what lies behind its end is not complete.
    const ends = [found.next, next].filter((end) => end !== null).sort();
    const end = ends.at(-1) ?? null;
    const complete = end === null ? sorted : sorted.filter((row) => row.id >= end);
    if (complete.length > scope.limit)
      return { rows: complete.slice(0, scope.limit), next: complete[scope.limit - 1]?.id ?? null };
    return { rows: complete, next: end };
  }

  private async filterOf(
    trx: ConversationTrx,
    input: OperationInput<typeof searchMessages>,
  ): Promise<MessageFilter> {
    const { spaceId, author } = input;
    const isContact = author?.startsWith('cont_') === true;
    return {
      author: isContact ? await this.messages.contactNow(trx, spaceId, author) : (author ?? null),
      authorType: input.authorType ?? null,
      channelId: input.channelId ?? null,
      hasFile: input.hasFile ?? null,
    };
  }
}

function termsOf({ author, authorType, channelId, hasFile }: MessageFilter): string[] {
  return [
    ...(author === null ? [] : [filterTerms.author(author)]),
    ...(authorType === null ? [] : [filterTerms.authorType(authorType)]),
    ...(channelId === null ? [] : [filterTerms.channel(channelId)]),
    ...(hasFile === null ? [] : [filterTerms.file(hasFile)]),
  ];
}

function scopeOf(
  { spaceId, after, before, limit }: OperationInput<typeof searchMessages>,
  at: { before: string | null; readerId: string | null },
): SearchScope {
  const until = before === undefined ? null : new Date(before);
  const since = after === undefined ? null : new Date(after);
  const last = until && firstIdAt('msg', until.getTime() + CLOCK_SKEW_MS);
  const below = [last, at.before].filter((id) => id !== null).sort()[0] ?? null;
  const above = since && firstIdAt('msg', since.getTime() - LONGEST_DELAY_MS);
  return { ...{ spaceId, readerId: at.readerId, below, above }, since, until, limit };
}

/** Adds those of a batch that hold the words of a query, until there are so many. */
function pushHeld(rows: MessageRow[], batch: readonly MessageRow[], query: SearchQuery, most: number): void {
  for (const row of batch) {
    if (query.isExact || query.holds(textOf(row.parts))) rows.push(row);
    if (rows.length >= most) return;
  }
}

/** Few messages have the terms without the words. */
function firstSize({ isExact }: SearchQuery, limit: number): number {
  return isExact ? limit + 1 : Math.ceil(limit * 1.2) + 5;
}

/** How many to read next: as many as hold the words that are missing, if they lie as close as those found, and some more. */
function nextSize(missing: number, found: number, seen: number): number {
  const share = Math.max(found, 1) / seen;
  return Math.min(Math.max(Math.ceil((missing / share) * SPARE), LEAST_BATCH), MOST_BATCH);
}
