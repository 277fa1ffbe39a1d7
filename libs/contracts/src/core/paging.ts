import { badRequest, type ProblemError } from './problem.ts';

/** What a repository is asked for: rows newest first, one more than the page holds. */
export interface PageRequest {
  limit: number;
  /** The id behind which they begin; null for the newest. */
  before: string | null;
}

/** A page of a list, as every list answers: `nextCursor` is null at the end. */
export interface PageOf<Item> {
  data: Item[];
  nextCursor: string | null;
}

/** The 400 of a cursor that no list gave. */
export function invalidCursor(): ProblemError {
  return badRequest('The cursor is not one that a list gave. Start again without it.');
}

/** The id behind which a list goes on; null for its beginning. Throws a 400 for what is no id. */
export function cursorOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (!/^[a-z]+_[0-9a-z]+$/.test(cursor)) throw invalidCursor();
  return cursor;
}

/**
 * Makes a page of what a repository found.
 *
 * @param rows one more than the page holds, where there are more
 * @param map turns a row that is shown into an item
 */
export function pageOf<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  map: (row: Row) => Item,
): PageOf<Item> {
  const shown = rows.slice(0, limit);
  return { data: shown.map(map), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
