import { resamplePcm } from '../audio.ts';
import { decodeMulaw, encodeMulaw } from '../mulaw.ts';
import { TwilioMediaClient, type TwilioMediaOptions } from '../twilio-media.ts';
import { Recording } from './recording.ts';

/** Rate of a telephone. */
export const PHONE_RATE = 8000;
const FRAME_MS = 20;
const FRAME_SAMPLES = (PHONE_RATE * FRAME_MS) / 1000;

/** Somebody at a telephone: speaks and hears PCM, silence among it. */
export class PhoneCaller {
  readonly heard = new Recording(PHONE_RATE);
  readonly line: TwilioMediaClient;
  private readonly timer: NodeJS.Timeout;
  private taken = 0;

  private constructor(line: TwilioMediaClient) {
    this.line = line;
    const began = performance.now();
    let ticks = 0;
    this.timer = setInterval(() => {
      // A timer that came late is made up for.
      for (; ticks < (performance.now() - began) / FRAME_MS; ticks += 1) this.listen();
    }, FRAME_MS);
    void line.closed.then(() => clearInterval(this.timer));
  }

  /** Opens the media stream that a call's TwiML names. */
  static async take(options: TwilioMediaOptions): Promise<PhoneCaller> {
    return new PhoneCaller(await TwilioMediaClient.open(options));
  }

  /** Says something at the pace of speech; answers once its last frame is on the wire. */
  say(samples: Int16Array, sampleRate: number): Promise<number> {
    return this.line.say(encodeMulaw(resamplePcm(samples, sampleRate, PHONE_RATE)));
  }

  private listen(): void {
    const next = this.line.played[this.taken];
    if (next) this.taken += 1;
    this.heard.add(next ? decodeMulaw(next.bytes) : new Int16Array(FRAME_SAMPLES));
  }
}
