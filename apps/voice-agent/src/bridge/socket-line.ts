import type { WebSocket } from 'ws';
import type { AudioLine } from './audio-out.ts';

/** Bytes that may wait for a client, over which it is given up: far more than sound and transcripts need. */
const UNSENT_BYTES = 1024 * 1024;

/** One client's socket: what is not read in time, or not answered, ends it. */
export class SocketLine implements AudioLine {
  private readonly socket: WebSocket;
  private readonly idleMs: number;
  private readonly timer: NodeJS.Timeout;
  private heardAt = Date.now();
  private asked = false;

  /** @param idleMs after which a silent client is asked whether it is there; it then has half of that to answer */
  constructor(socket: WebSocket, idleMs: number) {
    this.socket = socket;
    this.idleMs = idleMs;
    this.timer = setInterval(() => this.look(), Math.max(10, idleMs / 8));
    socket.on('pong', () => this.heard());
    socket.on('close', () => clearInterval(this.timer));
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  /** Takes nothing more from the client for a while: it waits in its own memory. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  tell(frame: object): void {
    if (!this.isOpen) return;
    if (this.buffered > UNSENT_BYTES) return this.giveUp();
    this.socket.send(JSON.stringify(frame));
  }

  send(bytes: Buffer): void {
    if (this.isOpen) this.socket.send(bytes);
  }

  heard(): void {
    this.heardAt = Date.now();
    this.asked = false;
  }

  close(code: number, reason: string): void {
    // A paused socket would never hear the client's answer.
    this.socket.resume();
    this.socket.close(code, reason.slice(0, 120));
  }

  giveUp(): void {
    this.socket.terminate();
  }

  private look(): void {
    const silentMs = Date.now() - this.heardAt;
    if (silentMs >= this.idleMs * 1.5) return this.giveUp();
    if (silentMs >= this.idleMs && !this.asked) {
      this.asked = true;
      if (this.isOpen) this.socket.ping();
    }
    return undefined;
  }
}
