import type { NewTask } from '@parley/messaging';
import type { CallRow } from '../database.ts';

/** Queue of files of recordings that are to be completed, or to go. */
export const RECORDING_QUEUE = 'recording';

/** What is to be done with a file. */
export interface RecordingTask {
  assetId: string;
  does: 'complete' | 'remove';
}

/** Completes a recording whose job has sent all of it. */
export function finishTask(call: CallRow, assetId: string): NewTask<RecordingTask> {
  return task(call, `${assetId}.finish`, { assetId, does: 'complete' });
}

/** Completes a recording whose job does not do so until then. */
export function lostTask(call: CallRow, assetId: string, dueAt: Date): NewTask<RecordingTask> {
  return { ...task(call, `${assetId}.lost`, { assetId, does: 'complete' }), dueAt };
}

/** Deletes the file of a recording. */
export function removeTask(call: CallRow, assetId: string): NewTask<RecordingTask> {
  return task(call, `${assetId}.remove`, { assetId, does: 'remove' });
}

/** Keys are those of the tasks: what is done later must not hold up what can be done now. */
function task({ space_id: spaceId }: CallRow, id: string, payload: RecordingTask): NewTask<RecordingTask> {
  return { queue: RECORDING_QUEUE, id, key: id, spaceId, payload };
}
