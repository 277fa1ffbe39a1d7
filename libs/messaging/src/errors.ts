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

/** A short text of any thrown value, for stored reasons: never a stack. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
