import { anything, assert, oneof, property, record, string, uint8Array } from 'fast-check';
import { readFrame } from './frames.ts';

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
