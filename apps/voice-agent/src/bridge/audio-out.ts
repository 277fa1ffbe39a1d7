import { isSilent, type Samples, samplesIn, toBytes } from './pcm.ts';
import { PcmQueue } from './pcm-queue.ts';

/** Where sound leaves. */
export interface AudioLine {
  /** Bytes that wait to be taken by the other side. */
  readonly buffered: number;
  send(bytes: Buffer): void;
  /** The other side has taken nothing for too long. */
  giveUp(): void;
}

const SHORTEST_MS = 20;
const LONGEST_MS = 100;
const AHEAD_MS = 1000;
const WAITING_MS = 5000;
const LOOK_MS = 20;
const STALLED_MS = 15_000;
const QUIET_MS = 400;

/**
 * Sends sound in frames of 20 to 100 ms, never more than one second ahead of what the other side has taken; what comes
 * meanwhile waits, five seconds at most. Lasting silence is not sent.
 */
export class AudioOut {
  private readonly line: AudioLine;
  private readonly rate: number;
  private readonly longestMs: number;
  private readonly waiting: PcmQueue;
  private timer: NodeJS.Timeout | null = null;
  private quiet = QUIET_MS;
  private stalledFor = 0;
  private lastBuffered = 0;

  /** @param longestMs of a frame */
  constructor(line: AudioLine, rate: number, longestMs = LONGEST_MS) {
    this.line = line;
    this.rate = rate;
    this.longestMs = longestMs;
    this.waiting = new PcmQueue(samplesIn(WAITING_MS, rate));
  }

  /** Samples that wait here. */
  get length(): number {
    return this.waiting.length;
  }

  push(samples: Samples): void {
    if (isSilent(samples)) {
      this.quiet += (samples.length * 1000) / this.rate;
      if (this.quiet > QUIET_MS) return;
    } else this.quiet = 0;
    this.waiting.push(samples);
    if (this.waiting.length >= this.samples(SHORTEST_MS)) this.pump();
    this.lookLater();
  }

  /** Forgets what was not sent yet. */
  clear(): void {
    this.waiting.clear();
  }

  close(): void {
    this.clear();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private pump(): void {
    while (this.waiting.length >= this.samples(SHORTEST_MS)) {
      const room = this.samples(AHEAD_MS) - Math.ceil(this.line.buffered / 2);
      const size = Math.min(this.waiting.length, this.samples(this.longestMs));
      if (size > room) return;
      this.line.send(toBytes(this.waiting.take(size)));
    }
  }

  private lookLater(): void {
    if (this.timer || this.waiting.length === 0) return;
    const before = this.waiting.length;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.pump();
      if (this.isStalled()) return this.line.giveUp();
      // The rest of an utterance: nothing has come behind it.
      const rest = this.waiting.length;
      if (rest > 0 && rest === before && rest < this.samples(SHORTEST_MS))
        this.waiting.push(new Int16Array(this.samples(SHORTEST_MS) - rest));
      return this.lookLater();
    }, LOOK_MS);
  }

  /** Whether nothing was taken for a long while, although something waits. */
  private isStalled(): boolean {
    const { buffered } = this.line;
    const isStuck = buffered > 0 && buffered >= this.lastBuffered && this.waiting.length > 0;
    this.stalledFor = isStuck ? this.stalledFor + LOOK_MS : 0;
    this.lastBuffered = buffered;
    return this.stalledFor >= STALLED_MS;
  }

  private samples(milliseconds: number): number {
    return samplesIn(milliseconds, this.rate);
  }
}
