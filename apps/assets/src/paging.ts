import { badRequest } from '@parley/contracts';

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
