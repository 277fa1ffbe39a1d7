import { ConnectionError, ConnectionErrorReason, DisconnectReason } from 'livekit-client';

/** Why a call could not begin or go on. Each has a sentence that says what to do. */
export type Problem =
  | 'insecure'
  | 'denied'
  | 'noMicrophone'
  | 'busyMicrophone'
  | 'unavailable'
  | 'unreachable'
  | 'noAnswer'
  | 'agentLost'
  | 'connectionLost'
  | 'elsewhere'
  | 'failed';

/** A problem, thrown. */
export class CallError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem);
    this.problem = problem;
  }
}

/** Names of the errors of `getUserMedia`, newer and older. */
const microphone: Readonly<Record<string, Problem>> = {
  NotAllowedError: 'denied',
  PermissionDeniedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'noMicrophone',
  DevicesNotFoundError: 'noMicrophone',
  OverconstrainedError: 'noMicrophone',
  NotReadableError: 'busyMicrophone',
  TrackStartError: 'busyMicrophone',
  AbortError: 'busyMicrophone',
};

/** What kept a call from beginning. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CallError) return error.problem;
  if (error instanceof ConnectionError)
    return error.reason === ConnectionErrorReason.NotAllowed ? 'unavailable' : 'unreachable';
  // Not every browser's OverconstrainedError is an Error.
  const { name } = (error ?? {}) as { name?: string };
  return microphone[name ?? ''] ?? (name === 'TypeError' ? 'unreachable' : 'failed');
}

/** What ended a call; null when somebody ended it on purpose. */
export function problemOfEnd(reason: DisconnectReason | undefined): Problem | null {
  const onPurpose = [
    DisconnectReason.CLIENT_INITIATED,
    DisconnectReason.ROOM_DELETED,
    DisconnectReason.ROOM_CLOSED,
    DisconnectReason.PARTICIPANT_REMOVED,
  ];
  if (reason !== undefined && onPurpose.includes(reason)) return null;
  return reason === DisconnectReason.DUPLICATE_IDENTITY ? 'elsewhere' : 'connectionLost';
}
