import { setTimeout as sleep } from 'node:timers/promises';

const CHECK_INTERVAL_MS = 25;

/**
 * Asks again and again until there is an answer; whatever is empty, null or false is none.
 * @param description named in the error
 * @throws when there is none in time
 */
export async function until<Result>(
  description: string,
  check: () => Promise<Result | null | undefined | false> | Result | null | undefined | false,
  withinMs = 15_000,
): Promise<Result> {
  const end = Date.now() + withinMs;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > end) throw new Error(`This did not happen within ${withinMs} ms: ${description}`);
    await sleep(CHECK_INTERVAL_MS);
  }
}
