import type { AudioLine } from './audio-out.ts';
import { toMulaw } from './mulaw.ts';
import { toSamples } from './pcm.ts';
import type { SocketLine } from './socket-line.ts';

/** Sound that nothing follows for as long has come to an end. */
const STRETCH_MS = 100;

/** A carrier's media stream: takes PCM of 8 kHz, and knows by marks what of it was played. */
export class MediaLine implements AudioLine {
  private readonly socket: SocketLine;
  private readonly streamSid: string;
  /** Marks that the carrier has not returned, oldest first. */
  private readonly marks: string[] = [];
  private readonly waiting = new Set<() => void>();
  private count = 0;
  private isUnmarked = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(socket: SocketLine, streamSid: string) {
    this.socket = socket;
    this.streamSid = streamSid;
  }

  get buffered(): number {
    // In a frame's JSON a sample takes about as many bytes as it does as PCM.
    return this.socket.buffered;
  }

  /** Whether the carrier has sound that it has not played to its end, as far as is known. */
  get isPlaying(): boolean {
    return this.isUnmarked || this.marks.length > 0;
  }

  send(bytes: Buffer): void {
    const payload = toMulaw(toSamples(bytes)).toString('base64');
    this.tell({ event: 'media', media: { payload } });
    this.isUnmarked = true;
    if (this.timer) this.timer.refresh();
    else this.timer = setTimeout(() => this.mark(), STRETCH_MS);
  }

  giveUp(): void {
    this.socket.giveUp();
  }

  /** What the carrier has not played yet is forgotten; it returns its marks at once. */
  clear(): void {
    this.stopTimer();
    this.isUnmarked = false;
    this.tell({ event: 'clear' });
  }

  /** The carrier has played what stood before a mark, or forgotten it. */
  marked(name: string): void {
    const place = this.marks.indexOf(name);
    if (place < 0) return;
    this.marks.splice(0, place + 1);
    this.settle();
  }

  /** Resolves once all was played, or after a while. */
  async played(withinMs: number): Promise<void> {
    if (this.isUnmarked) this.mark();
    if (!this.isPlaying) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.waiting.add(done);
    });
  }

  close(): void {
    this.stopTimer();
    this.isUnmarked = false;
    this.marks.length = 0;
    this.settle();
  }

  private mark(): void {
    this.stopTimer();
    this.isUnmarked = false;
    this.count += 1;
    const name = `played-${this.count}`;
    this.marks.push(name);
    this.tell({ event: 'mark', mark: { name } });
  }

  private settle(): void {
    if (!this.isPlaying) for (const done of [...this.waiting]) done();
  }

  private stopTimer(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private tell(frame: object): void {
    this.socket.tell({ ...frame, streamSid: this.streamSid });
  }
}
