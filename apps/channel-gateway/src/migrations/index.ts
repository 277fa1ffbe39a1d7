import type { Migration } from 'kysely/migration';
import * as channels from './0001-channels.ts';
import * as flowSessions from './0002-flow-sessions.ts';
import * as providers from './0003-providers.ts';
import * as dials from './0004-dials.ts';
import * as deliveryKinds from './0005-delivery-kinds.ts';
import * as lostTargets from './0006-lost-targets.ts';
import * as deletedTargets from './0007-deleted-targets.ts';

/** The tables of this service, in the order in which they came. */
export const migrations: Record<string, Migration> = {
  '0001-channels': channels,
  '0002-flow-sessions': flowSessions,
  '0003-providers': providers,
  '0004-dials': dials,
  '0005-delivery-kinds': deliveryKinds,
  '0006-lost-targets': lostTargets,
  '0007-deleted-targets': deletedTargets,
};
