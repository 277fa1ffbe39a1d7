import type { ConversationTrx, MessageRow } from '../database.ts';
import type { MessageTermsRepository } from './message-terms.repository.ts';
import type { SearchRepository, SearchScope } from './search.repository.ts';
import { SearchService } from './search.service.ts';

const idOf = (no: number): string => `msg_${String(no).padStart(5, '0')}`;

/** Searches messages that all have the terms of the query, though not all hold its words. */
function searchIn(texts: readonly string[]): { service: SearchService; reads: () => number } {
  let reads = 0;
  const rows = texts.map(
    (text, no) => ({ id: idOf(no), parts: [{ type: 'text', text }] }) as unknown as MessageRow,
  );
  const messages = {
    find: (_trx: unknown, _query: unknown, { below, limit }: SearchScope) => {
      reads += 1;
      const newest = rows.toReversed().filter(({ id }) => below === null || id < below);
      return Promise.resolve(newest.slice(0, limit));
    },
  } as unknown as SearchRepository;
  const terms = { isIncomplete: () => Promise.resolve(false) } as unknown as MessageTermsRepository;
  return { service: new SearchService(messages, terms), reads: () => reads };
}

const search = (service: SearchService, before: string | null = null) =>
  service.search(
    {} as ConversationTrx,
    { spaceId: 'space_a', q: 'shipment', limit: 2 },
    { before, readerId: null },
  );

const others = (count: number): string[] => Array.from({ length: count }, () => 'ships and cement');

test('messages that only look like matches are passed over until the page is full', async () => {
  const { service } = searchIn(['shipment one', 'shipment two', 'shipment three', ...others(500)]);
  const page = await search(service);
  expect(page.rows.map(({ id }) => id)).toEqual([idOf(2), idOf(1)]);
  const last = await search(service, page.next);
  expect([last.rows.map(({ id }) => id), last.next]).toEqual([[idOf(0)], null]);
});

test('a page ends before it is full where very many only look like matches, and the next goes on there', async () => {
  const { service, reads } = searchIn(['shipment', ...others(3000)]);
  let page = await search(service);
  expect(page.rows).toEqual([]);
  expect(reads()).toBeLessThan(10);
  for (let pages = 0; page.next !== null && pages < 5; pages += 1) page = await search(service, page.next);
  expect(page.rows.map(({ id }) => id)).toEqual([idOf(0)]);
});
