import { jest } from '@jest/globals';

/**
 * For stories in which sound goes on by the clock: where the machine stood still meanwhile, a caller was not heard although
 * nothing is wrong. Such a story is told once more, and what failed at first is printed.
 */
export function inRealTime(): void {
  jest.retryTimes(1, { logErrorsBeforeRetry: true });
}
