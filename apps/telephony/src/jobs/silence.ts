import type { LiveCall } from '../database.ts';

/** Milliseconds of silence after which another agent is sent: jobs speak up once a second. */
export const MISSED_MS = 2000;

/** The same while nobody has answered yet: an agent needs a moment to come. */
export const UNANSWERED_MS = 5000;

/** An agent that was sent is not replaced before it could be there. */
export const ARRIVAL_MS = 4000;

/** Milliseconds of silence after which a call ends. */
export const LOST_MS = 10_000;

/** What silence means for a call: all times in Unix milliseconds. */
export function decide(
  call: Pick<LiveCall, 'answered' | 'dispatchedAt'>,
  quietSince: number,
  now: number,
): 'wait' | 'replace' | 'give_up' {
  const quiet = now - quietSince;
  if (quiet >= LOST_MS) return 'give_up';
  const missed = quiet >= (call.answered ? MISSED_MS : UNANSWERED_MS);
  return missed && now - call.dispatchedAt.getTime() >= ARRIVAL_MS ? 'replace' : 'wait';
}
