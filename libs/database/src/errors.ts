/** SQLSTATEs after which the same transaction may well succeed when repeated. */
const retryableStates = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available (lock_timeout)
  '57014', // query cancelled (statement_timeout)
  '25P03', // idle in transaction session timeout
  '25P04', // transaction timeout
  '57P01', // administrator shutdown
  '57P02', // crash shutdown
  '57P03', // cannot connect now
  '53300', // too many connections
  '53400', // configuration limit exceeded
]);

/** Error codes of sockets and of name resolution. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** What `pg` says when a connection ends under a query; these errors carry no code. */
const connectionMessages =
  /connection terminated|connection ended|client has encountered a connection error|timeout exceeded when trying to connect|not queryable|timeout expired/iu;

function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

/**
 * Whether an error of the database says nothing about the work itself: the connection broke, the server restarts, a
 * deadlock, a lock or statement time-out, a serialization failure. The whole transaction may be repeated; after a
 * broken connection it may nevertheless have been committed, so what is repeated must be fenced or unique.
 * @param error anything thrown; its `cause` is looked into.
 */
export function isRetryable(error: unknown): boolean {
  const code = field(error, 'code');
  if (typeof code === 'string') {
    if (retryableStates.has(code) || connectionCodes.has(code) || code.startsWith('08')) return true;
  }
  const message = field(error, 'message');
  // A migration altered a table under a prepared statement, which is prepared anew.
  if (code === '0A000' && /cached plan/iu.test(String(message))) return true;
  if (typeof message === 'string' && connectionMessages.test(message)) return true;
  const cause = field(error, 'cause');
  return cause !== undefined && cause !== error && isRetryable(cause);
}

/** Data exceptions of PostgreSQL (SQLSTATE class 22), such as 22021 for a NUL character in a text. */
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/u;

/**
 * Whether PostgreSQL rejected a value (SQLSTATE class 22, data exception). The same work fails again however often it is
 * repeated, so it is never retried.
 * @param error anything thrown; its `cause` is looked into.
 */
export function isDataException(error: unknown): boolean {
  const code = field(error, 'code');
  if (typeof code === 'string' && DATA_EXCEPTION.test(code)) return true;
  const cause = field(error, 'cause');
  return cause !== undefined && cause !== error && isDataException(cause);
}

/**
 * Whether an error is a violation of a unique constraint (23505).
 * @param constraint the constraint's name, when only that one is meant.
 */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (field(error, 'code') !== '23505') return false;
  return constraint === undefined || field(error, 'constraint') === constraint;
}
