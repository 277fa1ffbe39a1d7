import { setTimeout as sleep } from 'node:timers/promises';
import { rms } from '../audio.ts';

/** Below this an ear hears silence (root mean square of 16-bit samples). */
const SILENCE_RMS = 250;
const PERIOD_MS = 20;

/** Sound as it came, piece by piece, with the moment each piece came. */
export class SoundRecording {
  private readonly pieces: { at: number; samples: Int16Array }[] = [];
  readonly rate: number;

  constructor(rate: number) {
    this.rate = rate;
  }

  add(samples: Int16Array): void {
    this.pieces.push({ at: performance.now(), samples: samples.slice() });
  }

  /** What came between two moments (performance.now), one after the other. */
  between(from: number, until = Infinity): Int16Array {
    const chosen = this.pieces.filter(({ at }) => at >= from && at <= until);
    const all = new Int16Array(chosen.reduce((sum, { samples }) => sum + samples.length, 0));
    let offset = 0;
    for (const { samples } of chosen) {
      all.set(samples, offset);
      offset += samples.length;
    }
    return all;
  }

  /** The first moment after `from` at which something was heard; null while nothing was. */
  onsetAfter(from: number): number | null {
    return this.pieces.find(({ at, samples }) => at >= from && rms(samples) > SILENCE_RMS)?.at ?? null;
  }

  /** When a speech that went on at a moment fell silent, for a fifth of a second at least; null while it goes on. */
  silenceAfter(from: number, forMs = 200): number | null {
    let last = from;
    for (const { at, samples } of this.pieces) {
      if (at < from) continue;
      if (rms(samples) > SILENCE_RMS) last = at;
      else if (at - last >= forMs) return last;
    }
    return null;
  }

  /** The last moment at which something was heard; null while nothing was. */
  lastSoundAt(): number | null {
    return this.pieces.findLast(({ samples }) => rms(samples) > SILENCE_RMS)?.at ?? null;
  }

  /**
   * Waits for speech after a moment, and until it has been quiet for a while behind it.
   * @returns the speech, and when it began
   * @throws Error when nothing was heard in time
   */
  async speechAfter(
    from: number,
    { withinMs = 15_000, quietMs = 900, longestMs = 60_000 } = {},
  ): Promise<{ samples: Int16Array; onset: number; end: number }> {
    const until = performance.now() + withinMs;
    let onset = this.onsetAfter(from);
    while (onset === null) {
      if (performance.now() > until) throw new Error(`Nothing was heard within ${withinMs} ms.`);
      await sleep(PERIOD_MS);
      onset = this.onsetAfter(from);
    }
    const longest = onset + longestMs;
    let end = this.lastSoundAt() ?? onset;
    while (performance.now() - end < quietMs && performance.now() < longest) {
      await sleep(PERIOD_MS);
      end = this.lastSoundAt() ?? onset;
    }
    return { samples: this.between(onset, end), onset, end };
  }
}
