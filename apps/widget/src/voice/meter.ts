import type { Track } from 'livekit-client';

/** How loud both sides are, from 0 to 1. */
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

  level(side: 'visitor' | 'agent'): number {
    const analyser = this.analysers.get(side);
    if (!analyser) return 0;
    analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, sample) => sum + sample * sample, 0) / this.samples.length;
    // Speech lies between -55 and -15 dB: so it fills the scale.
    const decibels = 10 * Math.log10(power + 1e-9);
    return Math.min(1, Math.max(0, (decibels + 55) / 40));
  }

  close(): void {
    this.analysers.clear();
    this.context?.close().catch(() => undefined);
    this.context = null;
  }
}
