import type { RawData, ServerOptions, WebSocket } from 'ws';
import { characterBoundary } from '@parley/text';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** How much of one connection is taken and kept. */
export interface SocketLimits {
  /** Bytes that may wait for the peer; above, the connection is cut. */
  unsentBytes: number;
  /** Bytes a peer may send; above, its socket is not read until the share has refilled. */
  inbound: Rate;
}

/** What a handler is given for each message of an open socket. */
export type MessageHandler = (data: Buffer, isBinary: boolean) => void;

/** Options of a WebSocketServer whose sockets are guarded: GuardedSocket answers pings, and peers that ignore a close are cut. */
export const guardedServerOptions = {
  noServer: true,
  perMessageDeflate: false,
  autoPong: false,
  closeTimeout: 2000,
  maxFragments: 256,
} satisfies ServerOptions & { closeTimeout: number; maxFragments: number };

/** Pings and pongs a peer may send: far more than any client needs. */
const CONTROL_FRAME_RATE: Rate = { perSecond: 2, burst: 30 };
/** Messages that are read away after a close; then the peer is read no more. */
const MAX_LATE_MESSAGES = 100;
/** How long a peer that is cut off may take to read why. */
const CLOSE_GRACE_MS = 500;
const MAX_REASON_BYTES = 120;

/** A server's side of a WebSocket that costs little whatever its peer sends. */
export class GuardedSocket {
  private readonly socket: WebSocket;
  private readonly limits: SocketLimits;
  private readonly inbound: TokenBucket;
  private readonly controlBucket = new TokenBucket(CONTROL_FRAME_RATE);
  private readonly pauseReasons = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;
  private lateMessages = 0;

  constructor(socket: WebSocket, limits: SocketLimits) {
    this.socket = socket;
    this.limits = limits;
    this.inbound = new TokenBucket(limits.inbound);
    socket.on('ping', (data: Buffer) => this.answerPing(data));
    socket.on('close', () => clearTimeout(this.timer));
  }

  get isOpen(): boolean {
    return !this.isClosing && this.socket.readyState === this.socket.OPEN;
  }

  /** Bytes that wait for the peer. */
  get unsentBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** Calls the handler for each message while the socket is open; later ones are dropped unread. */
  onMessage(handle: MessageHandler): void {
    this.socket.on('message', (data: RawData, isBinary: boolean) => {
      if (!this.isOpen) return this.dropLate();
      const bytes = bytesOf(data);
      this.throttle(bytes.length);
      handle(bytes, isBinary);
    });
  }

  /** Calls the handler for each pong. */
  onPong(handle: () => void): void {
    this.socket.on('pong', () => {
      if (this.allowControlFrame()) handle();
    });
  }

  onClose(handle: (code: number) => void): void {
    this.socket.on('close', handle);
  }

  /** Sends a message; a peer that does not read is cut. */
  send(data: string | Buffer): void {
    if (!this.isOpen) return;
    if (this.unsentBytes > this.limits.unsentBytes) return this.terminate();
    this.socket.send(data);
  }

  sendPing(): void {
    if (this.isOpen) this.socket.ping();
  }

  /** The peer's bytes are read no more until everybody who holds it has let go: they wait at the peer. */
  pauseReading(reason: string): void {
    if (!this.isOpen) return;
    this.pauseReasons.add(reason);
    this.socket.pause();
  }

  resumeReading(reason: string): void {
    if (this.pauseReasons.delete(reason) && this.pauseReasons.size === 0 && !this.isClosing)
      this.socket.resume();
  }

  /** Closes with a code, and waits for the peer's answer for two seconds at most. */
  close(code: number, reason: string): void {
    if (this.isClosing) return;
    this.beginClose(code, reason);
    // A paused socket would never hear the answer.
    this.socket.resume();
  }

  /** Closes without reading another byte: for a peer that floods. */
  closeWithoutReading(code: number, reason: string): void {
    if (this.isClosing) return;
    this.beginClose(code, reason);
    this.stopReading();
  }

  terminate(): void {
    this.isClosing = true;
    this.socket.terminate();
  }

  private beginClose(code: number, reason: string): void {
    this.isClosing = true;
    this.pauseReasons.clear();
    clearTimeout(this.timer);
    this.socket.close(code, truncateBytes(reason, MAX_REASON_BYTES));
  }

  private answerPing(data: Buffer): void {
    if (!this.allowControlFrame()) return;
    if (this.unsentBytes <= this.limits.unsentBytes) this.socket.pong(data);
  }

  private allowControlFrame(): boolean {
    if (!this.isOpen) {
      this.dropLate();
      return false;
    }
    if (this.controlBucket.tryTake()) return true;
    this.closeWithoutReading(4429, 'Too many pings or pongs. Send one in a few seconds.');
    return false;
  }

  private dropLate(): void {
    this.lateMessages += 1;
    if (this.lateMessages === MAX_LATE_MESSAGES) this.stopReading();
  }

  /** The peer has a moment to read the close that is on its way. */
  private stopReading(): void {
    this.socket.pause();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.terminate(), CLOSE_GRACE_MS);
  }

  private throttle(bytes: number): void {
    const waitMs = this.inbound.spend(bytes);
    if (waitMs === 0) return;
    this.pauseReading('rate');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.resumeReading('rate'), waitMs);
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** A close reason has at most 123 bytes of UTF-8. */
function truncateBytes(text: string, most: number): string {
  let end = characterBoundary(text, most);
  while (Buffer.byteLength(text.slice(0, end)) > most) end = characterBoundary(text, end - 1);
  return text.slice(0, end);
}
