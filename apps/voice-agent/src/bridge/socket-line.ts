import { GuardedSocket, type MessageHandler, type Rate } from '@parley/service';
import type { WebSocket } from 'ws';
import type { AudioLine } from './audio-out.ts';

/** Bytes that may wait for a client, over which it is given up: far more than sound and transcripts need. */
const UNSENT_BYTES = 1024 * 1024;

/** How a line is watched. */
export interface LineLimits {
  /** After which a silent client is asked whether it is there; it then has half of that to answer. */
  idleMs: number;
  /** Bytes that are read of it. */
  inbound: Rate;
}

/** One client's socket: what is not read in time, or not answered, ends it. */
export class SocketLine implements AudioLine {
  private readonly socket: GuardedSocket;
  private readonly idleMs: number;
  private readonly timer: NodeJS.Timeout;
  private heardAt = Date.now();
  private asked = false;

  constructor(socket: WebSocket, { idleMs, inbound }: LineLimits) {
    this.socket = new GuardedSocket(socket, { unsentBytes: UNSENT_BYTES, inbound });
    this.idleMs = idleMs;
    this.timer = setInterval(() => this.look(), Math.max(10, idleMs / 8));
    this.socket.onPong(() => this.heard());
    this.socket.onClose(() => clearInterval(this.timer));
  }

  get isOpen(): boolean {
    return this.socket.isOpen;
  }

  get buffered(): number {
    return this.socket.unsentBytes;
  }

  onMessage(handle: MessageHandler): void {
    this.socket.onMessage(handle);
  }

  onClose(handle: (code: number) => void): void {
    this.socket.onClose(handle);
  }

  /** Reads nothing more of the client until everybody who holds it has let go: what it sends waits in its own memory. */
  hold(reason: 'start' | 'sound'): void {
    this.socket.pauseReading(reason);
  }

  letGo(reason: 'start' | 'sound'): void {
    this.socket.resumeReading(reason);
  }

  tell(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  send(bytes: Buffer): void {
    this.socket.send(bytes);
  }

  heard(): void {
    this.heardAt = Date.now();
    this.asked = false;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  /** Ends the connection of a client that floods, without reading another byte. */
  cut(code: number, reason: string): void {
    this.socket.closeWithoutReading(code, reason);
  }

  giveUp(): void {
    this.socket.terminate();
  }

  private look(): void {
    const silentMs = Date.now() - this.heardAt;
    if (silentMs >= this.idleMs * 1.5) return this.giveUp();
    if (silentMs >= this.idleMs && !this.asked) {
      this.asked = true;
      this.socket.sendPing();
    }
    return undefined;
  }
}
