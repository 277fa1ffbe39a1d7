import { decodeMulaw, encodeMulaw } from '../mulaw.ts';
import { TwilioMediaClient, type TwilioMediaOptions } from '../twilio-media.ts';
import { SoundRecording } from './sound-recording.ts';

/** Rate of a telephone. */
export const PHONE_RATE = 8000;
const FRAME_MS = 20;
const LATE_FRAME_MS = 60;
const FRAME_SAMPLES = (PHONE_RATE * FRAME_MS) / 1000;

/** Somebody at a telephone: speaks and hears PCM, silence among it. */
export class PhoneCaller {
  readonly received = new SoundRecording(PHONE_RATE);
  readonly stream: TwilioMediaClient;
  private readonly timer: NodeJS.Timeout;
  private recordedFrames = 0;
  private playedAt = 0;

  private constructor(line: TwilioMediaClient) {
    this.stream = line;
    this.timer = setInterval(() => this.recordPlayed(), FRAME_MS);
    void line.closed.then(() => clearInterval(this.timer));
  }

  /** Opens the media stream that a call's TwiML names. */
  static async answer(options: TwilioMediaOptions): Promise<PhoneCaller> {
    return new PhoneCaller(await TwilioMediaClient.open(options));
  }

  /** Says PCM of a telephone's rate at the pace of speech; answers once its last frame is on the wire. */
  speak(samples: Int16Array): Promise<number> {
    return this.stream.sendAudio(encodeMulaw(samples));
  }

  private recordPlayed(): void {
    const now = performance.now();
    const fresh = this.stream.played.slice(this.recordedFrames);
    this.recordedFrames += fresh.length;
    if (fresh.length > 0) this.playedAt = now;
    if (fresh.length > 0) this.received.add(decodeMulaw(Buffer.concat(fresh.map(({ bytes }) => bytes))));
    // A frame that is a little late is no silence.
    else if (now - this.playedAt > LATE_FRAME_MS) this.received.add(new Int16Array(FRAME_SAMPLES));
  }
}
