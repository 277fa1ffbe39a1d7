import type { NewTask } from '@parley/messaging';
import type { AssetRow } from '../assets/asset.table.ts';

/** Queue of what is done to objects; the tasks of one asset are done one after another. */
export const OBJECT_QUEUE = 'object';

/** How long the address of an upload holds. */
export const UPLOAD_SECONDS = 900;

/** An upload that began before its address expired may end after. */
const LATE_SECONDS = 120;

/**
 * `clear`: what was sent is removed, the checked file stays. `delete`: all of it goes. `finish`: whoever stored it in
 * parts is gone, and what came becomes the file.
 */
export interface ObjectTask {
  action: 'clear' | 'delete' | 'finish';
}

/** What was sent goes: parts at once, the rest when nobody can send it again. */
export function clearTask(row: AssetRow): NewTask<ObjectTask> {
  return { ...task(row, 'clear'), ...(row.in_parts ? {} : { dueAt: lastUse(row) }) };
}

/** Everything goes, and what is sent after that goes too. */
export function deleteTasks(row: AssetRow): NewTask<ObjectTask>[] {
  return [task(row, 'delete'), ...(row.status === 'pending' && !row.in_parts ? [clearTask(row)] : [])];
}

export function finishTask(row: Pick<AssetRow, 'space_id' | 'id'>): NewTask<ObjectTask> {
  return task(row, 'finish');
}

function lastUse(row: AssetRow): Date {
  return new Date(row.created_at.getTime() + (UPLOAD_SECONDS + LATE_SECONDS) * 1000);
}

function task(row: Pick<AssetRow, 'space_id' | 'id'>, action: ObjectTask['action']): NewTask<ObjectTask> {
  const { space_id: spaceId, id } = row;
  // A clearing that waits holds up nothing else of its asset.
  const key = action === 'clear' ? `${id}.clear` : id;
  return { queue: OBJECT_QUEUE, id: `${id}.${action}`, key, spaceId, payload: { action } };
}
