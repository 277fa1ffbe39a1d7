import { badRequest } from '@parley/contracts';

/** A page of rows, newest first, by id: what repositories ask for one row more than the page holds. */
export interface Page {
  limit: number;
  before: string | null;
}

export function toPage(input: { limit: number; cursor?: string | undefined }): Page {
  if (input.cursor !== undefined && !/^[a-z]+_[0-9a-z]+$/.test(input.cursor)) {
    throw badRequest('The cursor is not one that a list gave. Start again without it.');
  }
  return { limit: input.limit, before: input.cursor ?? null };
}

/** Cuts the extra row and names the next cursor. */
export function toList<Row extends { id: string }, Item>(
  rows: Row[],
  page: Page,
  map: (row: Row) => Item,
): { data: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return { data: shown.map(map), nextCursor: rows.length > page.limit && last ? last.id : null };
}
