import { once } from 'node:events';
import { WebSocket } from 'ws';
import { concatPcm, silence } from '../audio.ts';
import { SoundRecording } from './sound-recording.ts';

/** Rate of what a page sends to `/ws/flow`, and of what it is sent. */
const SENT_RATE = 16_000;
const FLOW_RATE = 24_000;
const FRAME_MS = 20;
const FRAME_SAMPLES = (SENT_RATE * FRAME_MS) / 1000;

/** A text frame of the server, and when it came (performance.now). */
export interface FlowFrame {
  type: string;
  at: number;
  [field: string]: unknown;
}

/** A page of one's own on `/ws/flow/:flowId`, with an open microphone: silence is sent while nothing is said. */
export class FlowCaller {
  readonly received = new SoundRecording(FLOW_RATE);
  readonly frames: FlowFrame[] = [];
  /** The code with which the socket was closed; null while it is open. */
  closed: number | null = null;
  private readonly socket: WebSocket;
  private microphone: NodeJS.Timeout | null = null;
  private waiting: Int16Array = new Int16Array();

  private constructor(url: string, headers: Record<string, string>) {
    this.socket = new WebSocket(url, { headers });
    this.socket.on('message', (data: Buffer, binary) => {
      if (binary) this.received.add(new Int16Array(new Uint8Array(data).buffer));
      else this.frames.push({ ...(JSON.parse(data.toString()) as FlowFrame), at: performance.now() });
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code) => {
      this.closed = code;
      this.mute();
    });
  }

  /** Opens a session; its microphone is off until it is asked to speak. */
  static async connect(url: string, headers: Record<string, string> = {}): Promise<FlowCaller> {
    const caller = new FlowCaller(url, headers);
    await once(caller.socket, 'open');
    return caller;
  }

  /** Frames of a type that came so far. */
  framesOfType(type: string): FlowFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** What was said so far, such as `user: How are you?`. */
  transcripts(): string[] {
    return this.framesOfType('transcript').map(({ role, text }) => `${String(role)}: ${String(text)}`);
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Opens the microphone: from now on sound is sent at the pace of time. */
  unmute(): void {
    if (this.microphone || this.closed !== null) return;
    const began = performance.now();
    let sent = 0;
    this.microphone = setInterval(() => {
      // A timer that came late is made up for.
      for (; sent < (performance.now() - began) / FRAME_MS; sent += 1) this.sendFrame();
    }, FRAME_MS);
  }

  /** Says something at the pace of speech; answers when its last sample was sent. */
  async speak(samples: Int16Array, silenceMs = 100): Promise<number> {
    this.unmute();
    this.waiting = concatPcm([this.waiting, silence(silenceMs, SENT_RATE), samples]);
    while (this.waiting.length > 0) {
      if (this.closed !== null) throw new Error(`The socket was closed with ${this.closed}.`);
      await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
    }
    return performance.now();
  }

  async leave(): Promise<void> {
    this.mute();
    if (this.closed !== null) return;
    this.socket.close();
    await once(this.socket, 'close');
  }

  private sendFrame(): void {
    const frame = new Int16Array(FRAME_SAMPLES);
    frame.set(this.waiting.subarray(0, FRAME_SAMPLES));
    this.waiting = this.waiting.slice(FRAME_SAMPLES);
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(Buffer.from(frame.buffer));
  }

  private mute(): void {
    if (this.microphone) clearInterval(this.microphone);
    this.microphone = null;
  }
}
