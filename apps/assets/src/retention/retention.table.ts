import type { Selectable } from 'kysely';

/** How long a space keeps its files, as identity says. */
export interface RetentionTable {
  space_id: string;
  days: number | null;
}

export type RetentionRow = Selectable<RetentionTable>;
