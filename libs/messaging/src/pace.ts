import { setTimeout as sleep } from 'node:timers/promises';

/** Rounds are at most that far apart, however slow they are. */
const MOST_MS = 80;

/** Waits until `milliseconds` have gone by since `began` (of `performance.now()`); returns at once when they have, or on abort. */
export async function pace(began: number, milliseconds: number, signal: AbortSignal): Promise<void> {
  const left = milliseconds - (performance.now() - began);
  if (left > 0) await sleep(left, undefined, { signal }).catch(() => undefined);
}

/**
 * How far the next round of work should begin from one that began then and is over now: `least`, and longer where it was
 * slow. A machine that is busy gets fewer and larger rounds, which cost it less; one that is not loses nothing.
 */
export function distanceAfter(began: number, least: number): number {
  return Math.max(least, Math.min(MOST_MS, 2 * (performance.now() - began)));
}

/** Waits after a round of work that began then for as long as that asks for. */
export async function paceByLoad(began: number, least: number, signal: AbortSignal): Promise<void> {
  await pace(began, distanceAfter(began, least), signal);
}
