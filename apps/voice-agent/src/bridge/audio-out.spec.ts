import { jest } from '@jest/globals';
import { array, assert, integer, property } from 'fast-check';
import { AudioOut } from './audio-out.ts';

const RATE = 24_000;

/** A line of which the other side takes what the story says. */
class Line {
  buffered = 0;
  gaveUp = false;
  readonly sent: number[] = [];
  readonly sizes: number[] = [];

  send(bytes: Buffer): void {
    this.sizes.push(bytes.length);
    this.buffered += bytes.length;
    for (let at = 0; at < bytes.length; at += 2) this.sent.push(bytes.readInt16LE(at));
  }

  giveUp(): void {
    this.gaveUp = true;
  }

  take(bytes: number): void {
    this.buffered = Math.max(0, this.buffered - bytes);
  }
}

const loud = (count: number, from = 0): Int16Array =>
  Int16Array.from({ length: count }, (_none, index) => 1000 + ((from + index) % 20_000));

describe('Sound that leaves', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('goes in frames of 20 to 100 ms, in order, at most one second ahead of the other side', () => {
    assert(
      property(
        array(integer({ min: 1, max: 4000 }), { maxLength: 20 }),
        array(integer({ min: 0, max: 20_000 }), { minLength: 20, maxLength: 40 }),
        (pieces, takes) => {
          const line = new Line();
          const out = new AudioOut(line, RATE);
          let pushed = 0;
          for (const take of takes) {
            const piece = pieces.shift();
            if (piece) {
              out.push(loud(piece, pushed));
              pushed += piece;
            }
            jest.advanceTimersByTime(20);
            expect(line.buffered).toBeLessThanOrEqual(48_000);
            line.take(take);
          }
          for (let no = 0; no < 60; no += 1) {
            jest.advanceTimersByTime(20);
            line.take(48_000);
          }
          out.close();
          expect(line.sizes.every((size) => size >= 960 && size <= 4800)).toBe(true);
          // What fills a last frame up is silence.
          expect(line.sent.filter((sample) => sample !== 0)).toEqual([...loud(pushed)]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('waits for a client that does not read, five seconds at most, and then gives it up', () => {
    const line = new Line();
    const out = new AudioOut(line, RATE);
    for (let seconds = 0; seconds < 14; seconds += 1) {
      for (let no = 0; no < 50; no += 1) {
        out.push(loud(480));
        jest.advanceTimersByTime(20);
      }
      expect(line.buffered).toBeLessThanOrEqual(48_000);
      expect(out.length).toBeLessThanOrEqual(5 * RATE);
    }
    expect(line.gaveUp).toBe(false);
    jest.advanceTimersByTime(4000);
    expect(line.gaveUp).toBe(true);
    out.close();
  });

  it('leaves lasting silence out, and forgets what is cut', () => {
    const line = new Line();
    const out = new AudioOut(line, RATE);
    for (let no = 0; no < 50; no += 1) out.push(new Int16Array(480));
    jest.advanceTimersByTime(100);
    expect(line.sizes).toEqual([]);
    out.push(loud(480));
    for (let no = 0; no < 100; no += 1) out.push(new Int16Array(480));
    jest.advanceTimersByTime(100);
    // A short pause between two words stays.
    expect(line.sent).toHaveLength(480 * 21);
    line.buffered = 48_000;
    out.push(loud(4800));
    out.clear();
    line.buffered = 0;
    jest.advanceTimersByTime(1000);
    expect(line.sent).toHaveLength(480 * 21);
    out.close();
  });
});
