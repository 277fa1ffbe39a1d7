import type { assetStatuses } from '@parley/contracts';
import type { ColumnType, Generated, Insertable, Selectable, Updateable } from 'kysely';

export interface AssetTable {
  space_id: string;
  id: string;
  folder_id: string | null;
  conversation_id: string | null;
  file_name: string;
  content_type: string;
  size: number;
  /** As whoever uploads it says; once it is checked, as it is. */
  sha256: string | null;
  status: (typeof assetStatuses)[number];
  status_reason: string | null;
  internal: boolean;
  incomplete: Generated<boolean>;
  /** It is sent in parts, and becomes one object when it is complete. */
  in_parts: boolean;
  /** Who checks what was sent: one at a time, for a while. */
  check_token: string | null;
  checking_until: Date | null;
  metadata: ColumnType<Record<string, unknown>, string | undefined, string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type AssetRow = Selectable<AssetTable>;
export type NewAssetRow = Insertable<AssetTable>;
export type AssetChange = Updateable<AssetTable>;
