import { rms } from '@parley/testing';

/** Sound goes in frames of as many milliseconds. */
export const FRAME_MS = 20;
const TONE_HZ = 440;
const LEVEL = 3000;
/** At each whole second of the clock the tone is loud for as long: how late it is heard tells the way's length. */
const BURST_MS = 100;
const BURST_LEVEL = 12_000;
/** Between the two levels, as root mean square. */
const LOUD = 5000;
/** Below it the tone is missing. */
const HOLE = 800;

/** Milliseconds since 1970, finer than Date has them: the same for all processes of a machine. */
export const now = (): number => performance.timeOrigin + performance.now();

/** The tone of 20 ms that begins at a moment. */
export function toneAt(moment: number, rate: number): Int16Array {
  const level = moment % 1000 < BURST_MS ? BURST_LEVEL : LEVEL;
  // 440 periods fit a second: each frame goes on where the last one ended.
  const from = ((moment % 1000) * rate) / 1000;
  return Int16Array.from({ length: (rate * FRAME_MS) / 1000 }, (_, index) =>
    Math.round(level * Math.sin((2 * Math.PI * TONE_HZ * (from + index)) / rate)),
  );
}

/** What an ear has made of the tone. */
export interface Heard {
  frames: number;
  /** Frames without the tone. */
  holes: number;
  /** How late each burst was, in milliseconds. */
  latencies: number[];
}

/** What the far end has heard of all calls, and the latest that it was itself. */
export interface FarEndFigures {
  heard: Heard[];
  lateMs: number;
}

/** Listens to the tone. */
export class Ear {
  private heard: Heard = { frames: 0, holes: 0, latencies: [] };
  private wasLoud = true;

  hear(samples: Int16Array): void {
    const level = rms(samples);
    this.heard.frames += 1;
    if (level < HOLE) this.heard.holes += 1;
    const isLoud = level > LOUD;
    if (isLoud && !this.wasLoud) this.heard.latencies.push(now() % 1000);
    this.wasLoud = isLoud;
  }

  /** What was heard since it was asked last. */
  take(): Heard {
    const { heard } = this;
    this.heard = { frames: 0, holes: 0, latencies: [] };
    return heard;
  }
}

/** Does something each 20 ms by the clock, what is late at once; answers how to end it. */
export function eachFrame(work: (moment: number, lateMs: number) => void): () => void {
  let due = Math.ceil(now() / FRAME_MS) * FRAME_MS;
  let timer: NodeJS.Timeout;
  const run = (): void => {
    for (; due <= now(); due += FRAME_MS) work(due, now() - due);
    timer = setTimeout(run, Math.max(0, due - now()));
  };
  timer = setTimeout(run, 0);
  return () => clearTimeout(timer);
}
