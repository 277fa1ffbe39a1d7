import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** Bytes of 20 ms in mu-law at 8 kHz: the size of each of Twilio's frames. */
const FRAME_BYTES = 160;
const FRAME_MS = 20;

/** What a carrier's media stream is opened with. */
export interface TwilioMediaOptions {
  /** `ws://…/ws/media/twilio/:channelId`. */
  url: string;
  accountSid: string;
  callSid: string;
  /** The `<Parameter>`s of the TwiML. */
  parameters: Record<string, string>;
  /** Headers of the handshake, such as `X-Twilio-Signature`. */
  headers?: Record<string, string>;
}

/** A frame of sound that was played to the caller, with the moment its playing began (performance.now). */
export interface PlayedFrame {
  at: number;
  bytes: Buffer;
}

type QueuedItem = { kind: 'sound'; bytes: Buffer } | { kind: 'mark'; name: string };

/**
 * A caller behind Twilio's Media Streams: sends 20 ms of mu-law at the pace of speech, plays what it is sent at that
 * pace, too, echoes marks once what stood before them was played, and drops its queue on `clear`.
 * Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages
 */
export class TwilioMediaClient {
  readonly streamSid = `MZ${randomBytes(16).toString('hex')}`;
  readonly played: PlayedFrame[] = [];
  /** Moments (performance.now) at which `clear` came. */
  readonly clears: number[] = [];
  /** Frames that were not what the protocol allows. */
  readonly rejectedMessages: string[] = [];
  /** Resolves with the close code once the platform has closed the stream. */
  readonly closed: Promise<number>;
  private readonly socket: WebSocket;
  private readonly options: TwilioMediaOptions;
  private queue: QueuedItem[] = [];
  private outgoing: Buffer[] = [];
  private sequence = 0;
  private chunk = 0;
  private hasEnded = false;

  private constructor(socket: WebSocket, options: TwilioMediaOptions) {
    this.socket = socket;
    this.options = options;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('message', (data, binary) => this.handleMessage(binary ? null : String(data)));
    socket.once('close', () => (this.hasEnded = true));
  }

  /** Opens the stream and says `connected` and `start`. */
  static async open(options: TwilioMediaOptions): Promise<TwilioMediaClient> {
    const socket = new WebSocket(options.url, { headers: options.headers ?? {} });
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const client = new TwilioMediaClient(socket, options);
    client.sendStart();
    return client;
  }

  /** Says something; answers once its last frame is on the wire. */
  async sendAudio(mulaw: Buffer): Promise<number> {
    for (let at = 0; at < mulaw.length; at += FRAME_BYTES) {
      const frame = Buffer.alloc(FRAME_BYTES, 0xff);
      mulaw.copy(frame, 0, at, at + FRAME_BYTES);
      this.outgoing.push(frame);
    }
    while (this.outgoing.length > 0 && !this.hasEnded) await sleep(FRAME_MS);
    return performance.now();
  }

  /** Presses a key. */
  sendDtmf(digit: string): void {
    this.send({ event: 'dtmf', streamSid: this.streamSid, dtmf: { track: 'inbound_track', digit } });
  }

  /** All that was played since a moment, one frame after the other. */
  playedSince(from: number): Buffer {
    return Buffer.concat(this.played.filter(({ at }) => at >= from).map(({ bytes }) => bytes));
  }

  /** Hangs up: `stop`, then the socket. */
  hangUp(): void {
    const { accountSid, callSid } = this.options;
    this.send({ event: 'stop', streamSid: this.streamSid, stop: { accountSid, callSid } });
    this.socket.close();
  }

  /** The network is gone: no `stop`, no close. */
  dropConnection(): void {
    this.socket.terminate();
  }

  /** The line dies without a word: nothing is sent, read or answered any more, and no end is told. */
  stopResponding(): void {
    this.hasEnded = true;
    this.socket.pause();
  }

  private sendStart(): void {
    const { accountSid, callSid, parameters: customParameters } = this.options;
    this.socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    const { streamSid } = this;
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
    const start = { streamSid, accountSid, callSid, tracks: ['inbound'], customParameters, mediaFormat };
    this.send({ event: 'start', streamSid, start });
    void this.runClock();
  }

  /** One tick each 20 ms, by the clock: a late tick is made up for. */
  private async runClock(): Promise<void> {
    const began = performance.now();
    for (let tick = 0; !this.hasEnded; tick += 1) {
      const wait = began + tick * FRAME_MS - performance.now();
      if (wait > 0) await sleep(wait);
      this.sendFrame();
      this.play();
    }
  }

  private sendFrame(): void {
    const payload = (this.outgoing.shift() ?? Buffer.alloc(FRAME_BYTES, 0xff)).toString('base64');
    this.chunk += 1;
    const timestamp = String(this.chunk * FRAME_MS);
    const media = { track: 'inbound', chunk: String(this.chunk), timestamp, payload };
    this.send({ event: 'media', streamSid: this.streamSid, media });
  }

  private play(): void {
    for (let next = this.queue[0]; next?.kind === 'mark'; next = this.queue[0]) {
      this.queue.shift();
      this.echo(next.name);
    }
    const next = this.queue.shift();
    if (next?.kind === 'sound') this.played.push({ at: performance.now(), bytes: next.bytes });
  }

  private handleMessage(text: string | null): void {
    const message = text === null ? null : parse(text);
    const isOurs = message?.streamSid === this.streamSid;
    if (!message || !isOurs || !this.handleEvent(message)) this.rejectedMessages.push(text ?? 'binary');
  }

  /** Whether Twilio knows such a message. */
  private handleEvent({ event, media, mark }: IncomingMessage): boolean {
    if (event === 'clear') this.clear();
    else if (event === 'media' && typeof media?.payload === 'string') this.queueSound(media.payload);
    else if (event === 'mark' && typeof mark?.name === 'string')
      this.queue.push({ kind: 'mark', name: mark.name });
    else return false;
    return true;
  }

  private queueSound(payload: string): void {
    const bytes = Buffer.from(payload, 'base64');
    for (let at = 0; at < bytes.length; at += FRAME_BYTES)
      this.queue.push({ kind: 'sound', bytes: bytes.subarray(at, at + FRAME_BYTES) });
  }

  private clear(): void {
    this.clears.push(performance.now());
    const marks = this.queue.flatMap((one) => (one.kind === 'mark' ? [one.name] : []));
    this.queue = [];
    for (const name of marks) this.echo(name);
  }

  private echo(name: string): void {
    this.send({ event: 'mark', streamSid: this.streamSid, mark: { name } });
  }

  private send(message: object): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.sequence += 1;
    this.socket.send(JSON.stringify({ ...message, sequenceNumber: String(this.sequence) }));
  }
}

interface IncomingMessage {
  event?: string;
  streamSid?: string;
  media?: { payload?: unknown };
  mark?: { name?: unknown };
}

function parse(text: string): IncomingMessage | null {
  try {
    return JSON.parse(text) as IncomingMessage;
  } catch {
    return null;
  }
}
