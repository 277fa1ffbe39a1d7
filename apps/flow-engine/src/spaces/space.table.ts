import type { VoiceSettings } from '@parley/contracts';
import type { ColumnType } from 'kysely';

/** What is known of a space from its facts. */
export interface SpaceVoiceTable {
  space_id: string;
  voice: ColumnType<VoiceSettings, string, string>;
}
