import { createHash } from 'node:crypto';
import { ProblemError } from '@parley/contracts';

const HASH_LENGTH = 22;

/** The strong entity tag of an answer's JSON text (RFC 9110 §8.8.3), quotes included. */
export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH)}"`;
}

/**
 * Holds `If-Match` against what stands: `*`, or a list of tags one of which fits (RFC 9110 §13.1.1, strong comparison).
 * @throws ProblemError 412
 */
export function requireMatch(ifMatch: string | null, current: unknown): void {
  if (ifMatch === null || ifMatch.trim() === '*') return;
  const tag = etagOf(JSON.stringify(current));
  if (ifMatch.split(',').some((one) => one.trim() === tag)) return;
  throw new ProblemError({
    status: 412,
    code: 'precondition_failed',
    detail:
      'It was changed meanwhile. Fetch it again, and repeat the change on what stands now with its new ETag.',
  });
}
