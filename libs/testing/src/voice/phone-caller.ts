import { decodeMulaw, encodeMulaw } from '../mulaw.ts';
import { TwilioMediaClient, type TwilioMediaOptions } from '../twilio-media.ts';
import { Recording } from './recording.ts';

/** Rate of a telephone. */
export const PHONE_RATE = 8000;
const FRAME_MS = 20;
const LATE_MS = 60;
const FRAME_SAMPLES = (PHONE_RATE * FRAME_MS) / 1000;

/** Somebody at a telephone: speaks and hears PCM, silence among it. */
export class PhoneCaller {
  readonly heard = new Recording(PHONE_RATE);
  readonly line: TwilioMediaClient;
  private readonly timer: NodeJS.Timeout;
  private taken = 0;
  private playedAt = 0;

  private constructor(line: TwilioMediaClient) {
    this.line = line;
    this.timer = setInterval(() => this.listen(), FRAME_MS);
    void line.closed.then(() => clearInterval(this.timer));
  }

  /** Opens the media stream that a call's TwiML names. */
  static async take(options: TwilioMediaOptions): Promise<PhoneCaller> {
    return new PhoneCaller(await TwilioMediaClient.open(options));
  }

  /** Says PCM of a telephone's rate at the pace of speech; answers once its last frame is on the wire. */
  say(samples: Int16Array): Promise<number> {
    return this.line.say(encodeMulaw(samples));
  }

  private listen(): void {
    const now = performance.now();
    const fresh = this.line.played.slice(this.taken);
    this.taken += fresh.length;
    if (fresh.length > 0) this.playedAt = now;
    if (fresh.length > 0) this.heard.add(decodeMulaw(Buffer.concat(fresh.map(({ bytes }) => bytes))));
    // A frame that is a little late is no silence.
    else if (now - this.playedAt > LATE_MS) this.heard.add(new Int16Array(FRAME_SAMPLES));
  }
}
