import type { Trx } from '@parley/database';
import type { ShareTable } from './access/share.table.ts';
import type { AssetTable } from './assets/asset.table.ts';
import type { FolderTable } from './folders/folder.table.ts';
import type { RetentionTable } from './retention/retention.table.ts';

/** The tables of the `asset` schema. */
export interface Tables {
  asset: AssetTable;
  folder: FolderTable;
  retention: RetentionTable;
  share: ShareTable;
}

export type AssetTrx = Trx<Tables>;
