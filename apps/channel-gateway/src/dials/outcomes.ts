import { truncate } from '@parley/text';
import type { DialRow } from '../database.ts';

/** What is written of a dial when it is known what came of it. */
export type DialOutcome = Pick<DialRow, 'provider_call_id' | 'cause' | 'reason'>;

/** What people read of a call that was not placed. */
const reasons = {
  noCarrier:
    'The channel is gone, or has no credentials of a carrier. Save them in the channel, activate it and call again.',
  noPublicUrl:
    'The carrier could not say what becomes of the call: PUBLIC_URL is not set. Set it to the https address that the internet reaches the gateway at, restart, then call again.',
  inactive: 'The channel was not active any more when it was to be dialled. Activate it and call again.',
} as const;

const LATE =
  'It could not be dialled within a minute. See in the log of calls at the carrier whether it rang, then call again.';

/** The carrier has a call. */
export function placed(providerCallId: string): DialOutcome {
  return { provider_call_id: providerCallId, cause: null, reason: null };
}

/** There is no call. */
export function failed(why: keyof typeof reasons): DialOutcome {
  return refused(reasons[why], why === 'inactive' ? 'channel_inactive' : 'failed');
}

/** There is no call, for a reason that somebody else has told. */
export function refused(reason: string, cause: 'failed' | 'channel_inactive' = 'failed'): DialOutcome {
  return { provider_call_id: null, cause, reason: truncate(reason, 500) };
}

/** It is too late to dial, after what the carrier said last. */
export function late(lastWords: string | null): DialOutcome {
  return refused(lastWords === null ? LATE : `${lastWords}. ${LATE}`);
}

/** Nobody wants the call any more. */
export const canceled: DialOutcome = { provider_call_id: null, cause: 'canceled', reason: null };
