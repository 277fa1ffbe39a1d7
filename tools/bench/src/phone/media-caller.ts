import { randomBytes } from 'node:crypto';
import { decodeMulaw, encodeMulaw } from '@parley/testing';
import { WebSocket } from 'ws';
import { Ear, FRAME_MS, type Heard, now, toneAt } from './sound.ts';

const RATE = 8000;
const FRAME_BYTES = (RATE * FRAME_MS) / 1000;
/** A frame so late behind the one before it is a gap, and one that a telephone's buffer may not bridge. */
const gapsMs = [40, 60] as const;

/** Where a call's stream is opened, as its TwiML says. */
export interface StreamDoor {
  url: string;
  token: string;
  accountSid: string;
  callSid: string;
}

/** What came of one stream while it was measured. */
export interface StreamFigures extends Heard {
  sent: number;
  gapsOver40: number;
  gapsOver60: number;
  longestGapMs: number;
}

/** One call as a carrier streams it; sends the tone when it is told to, and times what comes. */
export class MediaCaller {
  /** All that was heard since the beginning. */
  readonly sound: Buffer[] = [];
  closed = false;
  private readonly streamSid = `MZ${randomBytes(16).toString('hex')}`;
  private readonly socket: WebSocket;
  private readonly ear = new Ear();
  private arrivals: number[] = [];
  private sent = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.take(String(data)));
    socket.once('close', () => (this.closed = true));
  }

  static async open({ url, token, accountSid, callSid }: StreamDoor): Promise<MediaCaller> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const caller = new MediaCaller(socket);
    const { streamSid } = caller;
    caller.tell({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: RATE, channels: 1 };
    const start = { streamSid, accountSid, callSid, customParameters: { token }, mediaFormat };
    caller.tell({ event: 'start', streamSid, start });
    return caller;
  }

  /** Sends the tone of a moment. */
  say(moment: number): void {
    const payload = encodeMulaw(toneAt(moment, RATE)).toString('base64');
    this.tell({ event: 'media', streamSid: this.streamSid, media: { track: 'inbound', payload } });
    this.sent += 1;
  }

  /** What came since it was asked last. */
  figures(): StreamFigures {
    const { arrivals, sent } = this;
    const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at));
    const [over40, over60] = gapsMs.map((least) => gaps.filter((gap) => gap > least).length);
    this.arrivals = arrivals.slice(-1);
    this.sent = 0;
    const longestGapMs = Math.max(0, ...gaps);
    return { ...this.ear.take(), sent, gapsOver40: over40 ?? 0, gapsOver60: over60 ?? 0, longestGapMs };
  }

  hangUp(): void {
    this.tell({ event: 'stop', streamSid: this.streamSid });
    this.socket.close();
  }

  private take(text: string): void {
    const frame = JSON.parse(text) as { event: string; media?: { payload: string }; mark?: { name: string } };
    if (frame.event === 'mark') return this.tell({ ...frame, streamSid: this.streamSid });
    if (!frame.media) return;
    const bytes = Buffer.from(frame.media.payload, 'base64');
    this.sound.push(bytes);
    this.arrivals.push(now());
    for (let at = 0; at < bytes.length; at += FRAME_BYTES)
      this.ear.hear(decodeMulaw(bytes.subarray(at, at + FRAME_BYTES)));
  }

  private tell(frame: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }
}
