import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `milliseconds` have gone by since `began` (of `performance.now()`); returns at once when they have, or on abort. */
export async function pace(began: number, milliseconds: number, signal: AbortSignal): Promise<void> {
  const left = milliseconds - (performance.now() - began);
  if (left > 0) await sleep(left, undefined, { signal }).catch(() => undefined);
}
