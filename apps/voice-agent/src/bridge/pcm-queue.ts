import type { Samples } from './pcm.ts';

/** Sound that waits, in its order and within a bound: where it runs over, the oldest is forgotten. */
export class PcmQueue {
  private readonly pieces: Samples[] = [];
  private limit: number;
  private count = 0;

  /** @param limit most samples that wait */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Samples that wait. */
  get length(): number {
    return this.count;
  }

  /** Sets another bound from now on. */
  bound(limit: number): void {
    this.limit = limit;
    this.trim();
  }

  push(samples: Samples): void {
    if (samples.length === 0) return;
    // Of a piece larger than the bound only its end is kept, without holding on to the rest.
    const kept = samples.length > this.limit ? samples.slice(samples.length - this.limit) : samples;
    this.pieces.push(kept);
    this.count += kept.length;
    this.trim();
  }

  /** The oldest samples, at most so many; empty when none wait. */
  take(most: number): Samples {
    const taken = new Int16Array(Math.min(most, this.count));
    for (let filled = 0; filled < taken.length; ) {
      const piece = this.pieces[0] ?? new Int16Array();
      const part = piece.subarray(0, taken.length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.drop(part.length);
    }
    return taken;
  }

  /** Forgets the oldest pieces as long as they are of a kind. */
  skip(isSkipped: (samples: Samples) => boolean): void {
    for (let [piece] = this.pieces; piece && isSkipped(piece); [piece] = this.pieces) this.drop(piece.length);
  }

  clear(): void {
    this.pieces.length = 0;
    this.count = 0;
  }

  private trim(): void {
    while (this.count > this.limit) this.drop(Math.min(this.count - this.limit, this.pieces[0]?.length ?? 0));
  }

  /** Forgets samples of the oldest piece. */
  private drop(samples: number): void {
    const [piece] = this.pieces;
    if (!piece) return;
    this.count -= samples;
    if (samples === piece.length) this.pieces.shift();
    else this.pieces[0] = piece.subarray(samples);
  }
}
