import type { Generated } from 'kysely';

/** A conversation whose visitors may see a file. */
export interface ShareTable {
  space_id: string;
  asset_id: string;
  conversation_id: string;
  created_at: Generated<Date>;
}
