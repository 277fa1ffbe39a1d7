import { randomUUID } from 'node:crypto';
import type { ServerFrame } from '@parley/contracts';
import { WebSocket } from 'ws';
import { until } from '@parley/testing';

/** A bare connection to `/ws/realtime` that keeps what it heard. */
export class BareSocket {
  readonly frames: ServerFrame[] = [];
  closed: { code: number; reason: string; at: number } | null = null;
  private readonly socket: WebSocket;

  constructor(baseUrl: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/ws/realtime`, { headers });
    this.socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as ServerFrame));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString(), at: Date.now() };
    });
    this.socket.on('error', () => undefined);
  }

  async open(): Promise<this> {
    await until('the socket is open', () => this.socket.readyState === WebSocket.OPEN);
    return this;
  }

  /** Sends text, bytes, or a frame as JSON. */
  send(what: string | Buffer | object): void {
    if (typeof what === 'string' || Buffer.isBuffer(what)) this.socket.send(what);
    else this.socket.send(JSON.stringify(what));
  }

  async authenticate(token: string): Promise<this> {
    await this.open();
    this.send({ type: 'authenticate', token });
    await this.heard('ready');
    return this;
  }

  /** Waits for a frame of a type that came after the first `after` frames. */
  async heard<Type extends ServerFrame['type']>(
    type: Type,
    after = 0,
  ): Promise<Extract<ServerFrame, { type: Type }>> {
    return until(
      `a frame "${type}"`,
      () =>
        this.frames.slice(after).find((frame) => frame.type === type) as
          | Extract<ServerFrame, { type: Type }>
          | undefined,
      5000,
    );
  }

  async ended(withinMs = 5000): Promise<{ code: number; reason: string; at: number }> {
    return until('the socket is closed', () => this.closed, withinMs);
  }

  /** What the server answers to one frame. */
  async answerTo(what: string | Buffer | object): Promise<ServerFrame> {
    const before = this.frames.length;
    this.send(what);
    return until('an answer', () => this.frames[before], 5000);
  }

  close(): void {
    this.socket.close();
  }
}

/** A frame that posts a text. */
export function postFrame(text: string, conversationId?: string): object {
  const parts = [{ type: 'text', text }];
  return { type: 'post', id: randomUUID(), parts, ...(conversationId ? { conversationId } : {}) };
}
