import { isDataException, isRetryable } from '@parley/database';
import { LostLeaseError, reasonOf, RetryableError } from '../errors.ts';
import type { TaskRules } from './task.ts';
import type { TaskRow } from './tasks.repository.ts';

/** What becomes of a task whose attempt failed. */
export type RetryDecision =
  | { kind: 'lost' }
  | { kind: 'park'; reason: string }
  | { kind: 'retry'; delayMs: number; reason: string; counts: boolean };

/** Pause after a failure of the database, which says nothing of the task and is not counted. */
const INFRASTRUCTURE_PAUSE_MS = 250;

/** Judges a failed attempt. A value that the database rejects is rejected again, so its task is parked at once. */
export function decideRetry(error: unknown, task: TaskRow, rules: TaskRules): RetryDecision {
  if (error instanceof LostLeaseError) return { kind: 'lost' };
  const reason = reasonOf(error);
  if (isDataException(error)) return { kind: 'park', reason };
  if (isRetryable(error) && !(error instanceof RetryableError))
    return { kind: 'retry', delayMs: INFRASTRUCTURE_PAUSE_MS, reason, counts: false };
  if (task.attempts >= rules.maxAttempts) return { kind: 'park', reason };
  const asked = error instanceof RetryableError ? error.afterMs : undefined;
  return { kind: 'retry', delayMs: asked ?? rules.backoffMs(task.attempts), reason, counts: true };
}
