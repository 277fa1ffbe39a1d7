import type { Migration } from 'kysely/migration';
import * as knowledge from '../knowledge/migrations/index.ts';
import * as flows from './0001-flows.ts';
import * as voice from './0004-voice.ts';
import * as spaces from './0005-spaces.ts';
import * as deletedFlows from './0006-deleted-flows.ts';

/** The tables of this service, in the order of their names. */
export const migrations: Record<string, Migration> = {
  '0001-flows': flows,
  ...knowledge.migrations,
  '0004-voice': voice,
  '0005-spaces': spaces,
  '0006-deleted-flows': deletedFlows,
};
