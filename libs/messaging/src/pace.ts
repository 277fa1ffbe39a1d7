import { setTimeout as sleep } from 'node:timers/promises';

/** Rounds are at most that far apart, however slow they are. */
const MOST_MS = 80;

/** Waits until `milliseconds` have gone by since `began` (of `performance.now()`); returns at once when they have, or on abort. */
export async function pace(began: number, milliseconds: number, signal: AbortSignal): Promise<void> {
  const left = milliseconds - (performance.now() - began);
  if (left > 0) await sleep(left, undefined, { signal }).catch(() => undefined);
}

/**
 * Waits after a round of work that began then: until `least` has gone by, and longer where the round was slow. A machine
 * that is busy gets fewer and larger rounds, which cost it less; one that is not loses nothing.
 */
export async function paceByLoad(began: number, least: number, signal: AbortSignal): Promise<void> {
  const worked = performance.now() - began;
  await pace(began, Math.max(least, Math.min(MOST_MS, 2 * worked)), signal);
}
