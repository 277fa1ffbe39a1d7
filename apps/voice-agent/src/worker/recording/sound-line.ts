import { type Side, StereoTape, TAPE_RATE } from './stereo-tape.ts';

/** How a side's sound comes. */
export interface LineOptions {
  /** A piece is told when it has just ended; else when it is about to be played. */
  isOver: boolean;
  /** Milliseconds of a pause that is none: a process that stood still catches up. */
  toleranceMs: number;
}

/** Puts the pieces of one side on a tape, one behind the other, with the pauses between them. */
export class SoundLine {
  private readonly tape: StereoTape;
  private readonly side: Side;
  private readonly options: LineOptions;
  private end: number | null = null;

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
    this.tape.write(this.side, place, sound);
    this.end = place + sound.length;
  }

  /** What was to be played from now on is not. */
  cut(now: number): void {
    if (this.end === null || this.end <= now) return;
    this.tape.hush(this.side, now);
    this.end = null;
  }
}
