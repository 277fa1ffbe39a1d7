import { type Side, StereoTape, TAPE_RATE } from './stereo-tape.ts';

/** How a side's sound comes. */
export interface LineOptions {
  /** A piece is told when it has just ended; else when it is about to be played. */
  isOver: boolean;
  /** Milliseconds of a pause that is none: a process that stood still catches up. */
  toleranceMs: number;
}

/** How long a line is watched before it is moved, and by how much it may be out of place. */
const WATCHED = TAPE_RATE;
const MOST_OUT = (TAPE_RATE * 40) / 1000;

/** Puts the pieces of one side on a tape, one behind the other, with the pauses between them. */
export class SoundLine {
  private readonly tape: StereoTape;
  private readonly side: Side;
  private readonly options: LineOptions;
  private end: number | null = null;
  /** Since when the line is watched, and how close to its place it came meanwhile. */
  private watch: { since: number; behind: number } | null = null;

  constructor(tape: StereoTape, side: Side, options: LineOptions) {
    this.tape = tape;
    this.side = side;
    this.options = options;
  }

  /** @param now the present place on the tape */
  put(sound: Int16Array, now: number): void {
    const { isOver, toleranceMs } = this.options;
    const due = isOver ? Math.max(0, now - sound.length) : now;
    const isBehind = this.end === null || this.end < due - (toleranceMs * TAPE_RATE) / 1000;
    const place = isBehind ? due : (this.end ?? due);
    if (isBehind) this.watch = null;
    this.tape.write(this.side, place, sound);
    this.end = place + sound.length;
    if (isOver) this.settle(now);
  }

  /** What was to be played from now on is not. */
  cut(now: number): void {
    if (this.end === null || this.end <= now) return;
    this.tape.hush(this.side, now);
    this.end = null;
  }

  /**
   * Sound that has just ended ends now. A process that stood still makes pieces late, but not all of them for a second: a line
   * that was out of place for so long is, because sound was lost, or because its first piece came late.
   */
  private settle(now: number): void {
    const behind = now - (this.end ?? now);
    this.watch ??= { since: now, behind };
    if (behind < this.watch.behind) this.watch.behind = behind;
    if (now - this.watch.since < WATCHED) return;
    if (Math.abs(this.watch.behind) > MOST_OUT) this.end = (this.end ?? now) + this.watch.behind;
    this.watch = null;
  }
}
