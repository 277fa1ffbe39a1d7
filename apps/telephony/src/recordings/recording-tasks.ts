import type { NewTask } from '@parley/messaging';
import type { RecordingRow } from '../database.ts';

/** Queue of files of recordings that are to be completed. */
export const RECORDING_QUEUE = 'recording';

/** Completes a recording whose job has sent all of it. */
export function finishTask(row: RecordingRow): NewTask<object> {
  return task(row, 'finish');
}

/** Completes a recording whose job does not do so until then. */
export function lostTask(row: RecordingRow, dueAt: Date): NewTask<object> {
  return { ...task(row, 'lost'), dueAt };
}

/** Keys are those of the tasks: what is done later must not hold up what can be done now. */
function task({ id: assetId, space_id: spaceId }: RecordingRow, what: string): NewTask<object> {
  const id = `${assetId}.${what}`;
  return { queue: RECORDING_QUEUE, id, key: id, spaceId, payload: {} };
}
