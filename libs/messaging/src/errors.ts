import { isDataException } from '@parley/database';
import { truncate } from '@parley/text';

/** Work that failed for a passing reason: it is tried again, `afterMs` later if given. */
export class RetryableError extends Error {
  readonly afterMs: number | undefined;

  constructor(message: string, options: { cause?: unknown; afterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'RetryableError';
    this.afterMs = options.afterMs;
  }
}

/** The lease was lost: what was done is rolled back, its new holder does it. */
export class LostLeaseError extends Error {
  constructor(name: string) {
    super(`The lease "${name}" was lost.`);
    this.name = 'LostLeaseError';
  }
}

/**
 * A short text of any thrown value, for stored reasons: never a stack. Where the database rejected a value, the reason is
 * the database's, whatever wraps it.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause !== undefined && isDataException(error.cause))
    return reasonOf(error.cause);
  return truncate(error instanceof Error ? error.message : String(error), 500);
}
