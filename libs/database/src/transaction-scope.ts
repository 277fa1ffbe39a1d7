import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as timer } from 'node:timers/promises';

interface OpenTransaction {
  isOpen: boolean;
}

/** Something slow or outside PostgreSQL was begun while a transaction was open, which holds a connection of the pool. */
export class TransactionOpenError extends Error {
  constructor(action: string) {
    super(
      `${action} was started inside an open transaction, which holds a database connection. Do it before the transaction (@BeforeOperation), in a task, or after the commit.`,
    );
    this.name = 'TransactionOpenError';
  }
}

/** Violations of one kind are reported once in that time. */
const REPORT_MS = 60_000;

const scope = new AsyncLocalStorage<OpenTransaction>();
const reportedAt = new Map<string, number>();
const reporters: { report: ((error: TransactionOpenError) => void) | null } = { report: null };

/** Runs the body of a transaction. What it leaves running is outside again once the body has ended. */
export async function runInTransactionScope<Result>(work: () => Promise<Result>): Promise<Result> {
  const transaction = { isOpen: true };
  try {
    return await scope.run(transaction, work);
  } finally {
    transaction.isOpen = false;
  }
}

/** Whether the caller runs inside the body of an open transaction. */
export function isInTransaction(): boolean {
  return scope.getStore()?.isOpen === true;
}

/** Sets where production reports violations; without a reporter they are thrown there, too. */
export function reportTransactionViolations(report: (error: TransactionOpenError) => void): void {
  reporters.report = report;
}

/**
 * Call it before whatever waits for something other than this transaction's database: an operation, HTTP, a timer.
 * @param action what is begun, as a noun phrase: `The operation channel.get`
 * @throws TransactionOpenError inside a transaction; in production it is logged instead, so that no request fails by it
 */
export function requireNoTransaction(action: string): void {
  if (!isInTransaction()) return;
  const error = new TransactionOpenError(action);
  if (process.env['NODE_ENV'] !== 'production' || !reporters.report) throw error;
  const now = Date.now();
  if (now - (reportedAt.get(action) ?? 0) < REPORT_MS) return;
  reportedAt.set(action, now);
  reporters.report(error);
}

/** Waits. Services import this one instead of `node:timers/promises`, so that no transaction stays open meanwhile. */
export async function sleep(
  milliseconds: number,
  options: { signal?: AbortSignal; ref?: boolean } = {},
): Promise<void> {
  requireNoTransaction('A timer');
  await timer(milliseconds, undefined, options);
}
