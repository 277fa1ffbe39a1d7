import type { CallCause } from '@parley/contracts';
import type { NewTask } from '@parley/messaging';
import type { CallRow } from '../database.ts';

/** Queue of what is asked of a channel's carrier about calls that the platform places. */
export const DIAL_QUEUE = 'dial';

/** Causes after which there is nothing left to be let go at a carrier. */
export const endsAtCarrier: ReadonlySet<CallCause> = new Set(['caller_left', 'busy', 'canceled', 'machine']);

/** What a task does about its call. */
export type DialTask =
  | { action: 'dial'; ringSeconds: number; detectMachine: boolean }
  | { action: 'cancel'; providerCallId: string | null }
  | { action: 'expire' };

export function dialTask(row: CallRow, how: { ringSeconds: number; detectMachine: boolean }): NewTask {
  return task(row, row.id, { action: 'dial', ...how });
}

/** The call is not wanted any more; or the carrier is to let go what it has placed beside it. */
export function cancelTask(row: CallRow, providerCallId: string | null = null): NewTask {
  const cancel = task(row, row.id, { action: 'cancel', providerCallId });
  return providerCallId === null ? cancel : { ...cancel, id: `${cancel.id}.${providerCallId}` };
}

/** It stands in a line of its own: what waits for its time holds up nothing else. */
export function expireTask(row: CallRow, dueAt: Date): NewTask {
  return { ...task(row, `${row.id}.expire`, { action: 'expire' }), dueAt };
}

function task(row: CallRow, key: string, payload: DialTask): NewTask<DialTask> {
  return { queue: DIAL_QUEUE, id: `${row.id}.${payload.action}`, key, spaceId: row.space_id, payload };
}
