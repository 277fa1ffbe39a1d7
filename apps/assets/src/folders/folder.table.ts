import type { ColumnType, Generated, Insertable, Selectable, Updateable } from 'kysely';

export interface FolderTable {
  space_id: string;
  id: string;
  parent_id: string | null;
  name: string;
  metadata: ColumnType<Record<string, unknown>, string | undefined, string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type FolderRow = Selectable<FolderTable>;
export type NewFolderRow = Insertable<FolderTable>;
export type FolderChange = Updateable<FolderTable>;
