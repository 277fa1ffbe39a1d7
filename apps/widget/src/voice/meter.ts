import type { Track } from 'livekit-client';

/** How loud a power is, from 0 to 1: speech lies between -55 and -15 dB, so it fills the scale. */
export function loudness(power: number): number {
  return Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-12) + 55) / 40));
}

/** Measures the sound of both sides. */
export class Meter {
  private context: AudioContext | null = null;
  private readonly analysers = new Map<'visitor' | 'agent', AnalyserNode>();
  private readonly samples = new Float32Array(512);

  /** Measures a track from now on, in place of the one before. */
  follow(side: 'visitor' | 'agent', track: Track): void {
    try {
      this.context ??= new AudioContext();
      void this.context.resume();
      const analyser = this.context.createAnalyser();
      analyser.fftSize = this.samples.length;
      this.context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(analyser);
      this.analysers.set(side, analyser);
    } catch {
      // Where sound cannot be measured, a call shows no level.
    }
  }

  /** Mean square of the last samples, 0 to 1; null where nothing is measured. */
  power(side: 'visitor' | 'agent'): number | null {
    const analyser = this.analysers.get(side);
    if (!analyser || this.context?.state !== 'running') return null;
    analyser.getFloatTimeDomainData(this.samples);
    return this.samples.reduce((sum, sample) => sum + sample * sample, 0) / this.samples.length;
  }

  close(): void {
    this.analysers.clear();
    this.context?.close().catch(() => undefined);
    this.context = null;
  }
}
