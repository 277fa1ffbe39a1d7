import type { Migration } from 'kysely/migration';
import * as conversations from './0001-conversations.ts';
import * as lookups from './0002-lookups.ts';
import * as search from './0003-search.ts';
import * as responders from './0004-responders.ts';
import * as speech from './0005-speech.ts';
import * as addresses from './0006-addresses.ts';
import * as directRooms from './0007-direct-rooms.ts';
import * as activity from './0008-activity.ts';
import * as activityAtBirth from './0009-activity-at-birth.ts';
import * as deletions from './0010-deletions.ts';
import * as messageSearch from './0011-message-search.ts';

/** The tables of this service, in the order in which they came. */
export const migrations: Record<string, Migration> = {
  '0001-conversations': conversations,
  '0002-lookups': lookups,
  '0003-search': search,
  '0004-responders': responders,
  '0005-speech': speech,
  '0006-addresses': addresses,
  '0007-direct-rooms': directRooms,
  '0008-activity': activity,
  '0009-activity-at-birth': activityAtBirth,
  '0010-deletions': deletions,
  '0011-message-search': messageSearch,
};
