import { anything, assert, oneof, property, record, string, uint8Array } from 'fast-check';
import { readFrame } from './frames.ts';
import { SessionCount, TokenBucket } from './limits.ts';

describe('A text frame', () => {
  it.each([
    [{ type: 'text', text: 'Hello' }],
    [{ type: 'dtmf', digit: '#' }],
    [{ type: 'interrupt' }],
    [{ type: 'ping' }],
  ])('is read: %j', (frame) => {
    expect(readFrame(Buffer.from(JSON.stringify(frame)))).toEqual({ frame });
    expect(readFrame(Buffer.from(JSON.stringify({ ...frame, later: 'additions' })))).toEqual({ frame });
  });

  it('is a frame or has an error, whatever it is', () => {
    const odd = oneof(
      uint8Array().map((bytes) => Buffer.from(bytes)),
      anything().map((value) => Buffer.from(JSON.stringify(value) ?? '')),
      record({
        type: oneof(
          string(),
          string().map(() => 'text'),
        ),
        text: anything(),
      }).map((value) => Buffer.from(JSON.stringify(value))),
    );
    assert(
      property(odd, (bytes) => {
        const { frame, error } = readFrame(bytes);
        expect((frame === undefined) !== (error === undefined)).toBe(true);
        if (error) expect(error.message.length).toBeGreaterThan(0);
        if (frame?.type === 'text') expect(frame.text.length).toBeLessThanOrEqual(4000);
      }),
    );
  });
});

describe('Limits', () => {
  it('let a burst through, then so many a second', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0);
    const taken = (at: number): number =>
      Array.from({ length: 20 }, () => bucket.take(at)).filter(Boolean).length;
    expect(taken(0)).toBe(5);
    expect(taken(300)).toBe(3);
    expect(taken(60_000)).toBe(5);
    // A clock that is set back gives nothing.
    expect(taken(0)).toBe(0);
  });

  it('count sessions, in all and by address', () => {
    const count = new SessionCount({ sessions: 3, ofAddress: 2 });
    const [one, two] = [count.enter('a'), count.enter('a')];
    expect(count.enter('a')).toBeNull();
    expect(count.enter('b')).not.toBeNull();
    expect(count.enter('c')).toBeNull();
    one?.();
    one?.();
    expect(count.sessions).toBe(2);
    expect(count.enter('a')).not.toBeNull();
    two?.();
  });
});
