import { TokenBucket } from '@parley/service';

/** A frame as it came. */
export interface RawFrame {
  data: Buffer;
  isBinary: boolean;
}

/** What an intake does with frames and its socket. */
export interface IntakeParts {
  /** Handles one frame; never rejects. */
  handle(frame: RawFrame): Promise<void>;
  /** The peer's bytes are not read while frames wait. */
  hold(): void;
  letGo(): void;
  /** Answers a frame that is not taken. */
  refuse(): void;
  /** Ends the connection of a peer that was refused too often. */
  cut(): void;
  /** Milliseconds until a frame may be handled; takes its token where that is 0. */
  claim(): number;
}

/** Frames of one connection that wait, over which further ones are refused. */
const MOST_WAITING = 64;
const MOST_WAITING_BYTES = 128 * 1024;
/** Frames of one connection that are at work at once. */
const MOST_AT_WORK = 32;
/** Refusals that are answered before the connection is cut: frames that found the queue full, and such as are none. */
const OVERFLOWS = { perSecond: 0.1, burst: 5 };
const MALFORMED = { perSecond: 0.5, burst: 30 };

/**
 * The frames of one connection. A few wait, in order; then the socket is read no more. What was read beyond is refused
 * unread, and a peer that is refused a few times is cut.
 */
export class FrameIntake {
  private readonly parts: IntakeParts;
  private readonly waiting: RawFrame[] = [];
  private readonly overflows = new TokenBucket(OVERFLOWS);
  private readonly malformed = new TokenBucket(MALFORMED);
  private waitingBytes = 0;
  private atWork = 0;
  private mostAtWork = 1;
  private isHeld = false;
  private isOver = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  /** Takes a frame; costs little for one that is refused. */
  take(frame: RawFrame): void {
    if (this.isOver) return;
    const isFull =
      this.waiting.length >= MOST_WAITING || this.waitingBytes + frame.data.length > MOST_WAITING_BYTES;
    if (isFull) return this.count(this.overflows);
    this.waiting.push(frame);
    this.waitingBytes += frame.data.length;
    this.work();
  }

  /** Counts a frame that could not be read; false when that was one too many. */
  takeMalformed(): boolean {
    if (this.malformed.tryTake()) return true;
    this.cut();
    return false;
  }

  /** Frames no longer wait for each other. */
  open(): void {
    this.mostAtWork = MOST_AT_WORK;
    this.work();
  }

  /** Forgets what waits. */
  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.waiting.length = 0;
    this.waitingBytes = 0;
  }

  private count(refusals: TokenBucket): void {
    if (refusals.tryTake()) this.parts.refuse();
    else this.cut();
  }

  private cut(): void {
    this.end();
    this.parts.cut();
  }

  private work(): void {
    while (this.waiting.length > 0 && this.atWork < this.mostAtWork) {
      const waitMs = this.parts.claim();
      if (waitMs > 0) {
        this.workIn(waitMs);
        break;
      }
      void this.run();
    }
    this.holdOrLetGo();
  }

  private async run(): Promise<void> {
    const frame = this.waiting.shift();
    if (!frame) return;
    this.waitingBytes -= frame.data.length;
    this.atWork += 1;
    await this.parts.handle(frame);
    this.atWork -= 1;
    if (!this.isOver) this.work();
  }

  private workIn(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.work(), milliseconds);
  }

  private holdOrLetGo(): void {
    const isHeld = this.waiting.length > 0;
    if (isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    if (isHeld) this.parts.hold();
    else this.parts.letGo();
  }
}
