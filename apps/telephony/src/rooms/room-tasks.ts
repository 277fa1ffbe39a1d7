import type { NewTask } from '@parley/messaging';
import type { CallRow } from '../database.ts';

/** Queue of what is done to rooms; the tasks of one call are done one after another. */
export const ROOM_QUEUE = 'room';

/** What a task does to its call's room. */
export type RoomTask = { action: 'dispatch'; generation: number } | { action: 'close' };

export function dispatchTask(row: CallRow): NewTask<RoomTask> {
  return task(row, `dispatch.${row.generation}`, { action: 'dispatch', generation: row.generation });
}

export function closeTask(row: CallRow): NewTask<RoomTask> {
  return task(row, 'close', { action: 'close' });
}

function task(row: CallRow, what: string, payload: RoomTask): NewTask<RoomTask> {
  return { queue: ROOM_QUEUE, id: `${row.id}.${what}`, key: row.id, spaceId: row.space_id, payload };
}
