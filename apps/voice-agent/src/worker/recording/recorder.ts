import type { AudioFrame, Room } from '@livekit/rtc-node';
import { Resampler } from '../../speech/pcm.ts';
import { captureCaller, captureOutput, type HeardOutput } from './capture.ts';
import type { RecordingFile, SentFile } from './recording-file.ts';
import { SoundLine } from './sound-line.ts';
import { StereoTape, TAPE_RATE } from './stereo-tape.ts';

/** Where the sound of both sides is heard. */
export interface RecordedSound {
  room: Room;
  callerIdentity: string;
  output: HeardOutput | null;
}

const FLUSH_MS = 3000;
/** Sound of both sides is at its place within that time. */
const SETTLED_MS = 1000;

/** Records both sides of a call by the clock, and sends what there is every few seconds. */
export class Recorder {
  private readonly file: RecordingFile;
  private readonly now: () => number;
  private readonly tape = new StereoTape();
  private readonly caller = new SoundLine(this.tape, 'caller', { isOver: true, toleranceMs: 1000 });
  private readonly agent = new SoundLine(this.tape, 'agent', { isOver: false, toleranceMs: 60 });
  private readonly undo: (() => void)[] = [];
  private readonly began: number;
  private resampler: { rate: number; of: Resampler } | null = null;
  private ended: Promise<SentFile> | null = null;

  constructor(file: RecordingFile, now: () => number = () => performance.now()) {
    this.file = file;
    this.now = now;
    this.began = now();
  }

  start({ room, callerIdentity, output }: RecordedSound): void {
    this.undo.push(captureCaller(room, callerIdentity, (sound) => this.heard(sound)));
    if (output)
      this.undo.push(captureOutput(output, { played: (frame) => this.played(frame), cut: () => this.cut() }));
    const timer = setInterval(() => this.flush(SETTLED_MS), FLUSH_MS);
    this.undo.push(() => clearInterval(timer));
  }

  /** Sound of the caller that has just been heard. */
  heard(sound: Int16Array): void {
    this.caller.put(sound, this.place());
  }

  /** Sound of the agent that is about to be heard. */
  played({ data, sampleRate }: Pick<AudioFrame, 'data' | 'sampleRate'>): void {
    if (this.resampler?.rate !== sampleRate)
      this.resampler = { rate: sampleRate, of: new Resampler(sampleRate, TAPE_RATE) };
    const sound = this.resampler.of.push(data);
    if (sound.length > 0) this.agent.put(sound, this.place());
  }

  /** The agent was cut off. */
  cut(): void {
    this.resampler = null;
    this.agent.cut(this.place());
  }

  /** Sends what is older than so many milliseconds. */
  flush(settledMs: number): void {
    this.file.append(this.tape.take(Math.max(0, this.place() - (settledMs * TAPE_RATE) / 1000)));
  }

  /** Stops recording at once; resolves when the last of it was sent, or given up. */
  finish(): Promise<SentFile> {
    if (!this.ended) {
      for (const undo of this.undo.splice(0)) undo();
      this.flush(0);
      this.ended = this.file.finish();
    }
    return this.ended;
  }

  private place(): number {
    return Math.max(0, Math.round(((this.now() - this.began) * TAPE_RATE) / 1000));
  }
}
