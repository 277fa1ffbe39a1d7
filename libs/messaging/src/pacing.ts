import { setTimeout as sleep } from 'node:timers/promises';

/** Rounds are at most that far apart, however slow they are. */
const MAX_INTERVAL_MS = 80;

/** Waits until `milliseconds` have gone by since `began` (of `performance.now()`); returns at once when they have, or on abort. */
export async function waitUntilElapsed(
  startedAt: number,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const left = milliseconds - (performance.now() - startedAt);
  if (left > 0) await sleep(left, undefined, { signal }).catch(() => undefined);
}

/**
 * How far the next round of work should begin from one that began then and is over now: `least`, and longer where it was
 * slow. A machine that is busy gets fewer and larger rounds, which cost it less; one that is not loses nothing.
 */
export function nextIntervalMs(startedAt: number, minIntervalMs: number): number {
  return Math.max(minIntervalMs, Math.min(MAX_INTERVAL_MS, 2 * (performance.now() - startedAt)));
}

/** Waits after a round of work that began then for as long as that asks for. */
export async function waitByLoad(
  startedAt: number,
  minIntervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  await waitUntilElapsed(startedAt, nextIntervalMs(startedAt, minIntervalMs), signal);
}
