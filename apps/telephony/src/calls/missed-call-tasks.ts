import type { NewTask } from '@parley/messaging';
import type { CallRow } from '../database.ts';

/** Queue of telephone calls that ended without a conversation. */
export const MISSED_CALL_QUEUE = 'missed_call';

export function missedCallTask({ id, space_id: spaceId }: CallRow): NewTask {
  return { queue: MISSED_CALL_QUEUE, id, key: id, spaceId, payload: {} };
}
