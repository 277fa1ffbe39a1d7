import { ConnectionError, DisconnectReason } from 'livekit-client';
import { CallError, problemOf, problemOfEnd } from './problems.ts';

describe('What keeps a call from beginning', () => {
  it.each([
    [new DOMException('', 'NotAllowedError'), 'denied'],
    [new DOMException('', 'NotFoundError'), 'noMicrophone'],
    [new DOMException('', 'NotReadableError'), 'busyMicrophone'],
    [new CallError('insecure'), 'insecure'],
    [ConnectionError.notAllowed('', 401), 'unavailable'],
    [ConnectionError.serverUnreachable(''), 'unreachable'],
    [new TypeError('Failed to fetch'), 'unreachable'],
    [new Error('something else'), 'failed'],
  ])('%p: %s', (error, problem) => {
    expect(problemOf(error)).toBe(problem);
  });
});

describe('What ends a call', () => {
  it.each([
    [DisconnectReason.CLIENT_INITIATED, null],
    [DisconnectReason.ROOM_DELETED, null],
    [DisconnectReason.DUPLICATE_IDENTITY, 'elsewhere'],
    [DisconnectReason.SERVER_SHUTDOWN, 'connectionLost'],
    [undefined, 'connectionLost'],
  ])('%s: %s', (reason, problem) => {
    expect(problemOfEnd(reason)).toBe(problem);
  });
});
