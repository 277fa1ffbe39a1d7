import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client that writes faster than a WebSocket library: frames are bytes that were made before. */
export class RawSocket {
  closed: number | null = null;
  readonly texts: string[] = [];
  private readonly socket: Duplex;
  private read = Buffer.alloc(0);

  private constructor(socket: Duplex, head: Buffer) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed ??= 1006));
    this.take(head);
  }

  /** Null where the upgrade is refused. */
  static async open(url: string, origin: string): Promise<RawSocket | null> {
    const { hostname, port, pathname } = new URL(url);
    const headers = {
      ...{ Connection: 'Upgrade', Upgrade: 'websocket', Origin: origin },
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    };
    return new Promise((resolve) => {
      const asked = request({ hostname, port, path: pathname, headers });
      asked.on('upgrade', (_response, socket, head) => resolve(new RawSocket(socket, head)));
      asked.on('response', (response) => {
        response.resume();
        resolve(null);
      });
      asked.on('error', () => resolve(null));
      asked.end();
    });
  }

  /** Whether what was written so far has left this process, but for a megabyte. */
  get isWritable(): boolean {
    return this.closed === null && this.socket.writableLength < 1024 * 1024;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  destroy(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.read = Buffer.concat([this.read, chunk]);
    for (let frame = this.next(); frame; frame = this.next()) {
      if (frame.opcode === 1 && this.texts.length < 100) this.texts.push(frame.payload.toString());
      if (frame.opcode === 8)
        this.closed ??= frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
    }
  }

  private next(): { opcode: number; payload: Buffer } | null {
    const { read } = this;
    if (read.length < 2) return null;
    const short = (read[1] ?? 0) & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (read.length < head) return null;
    const length =
      short === 126 ? read.readUInt16BE(2) : short === 127 ? Number(read.readBigUInt64BE(2)) : short;
    if (read.length < head + length) return null;
    this.read = read.subarray(head + length);
    return { opcode: (read[0] ?? 0) & 0x0f, payload: read.subarray(head, head + length) };
  }
}

/** A client's frame; the mask is zero, so that the payload stands as it is. */
export function frameOf(payload: string | Buffer, opcode: 1 | 2 | 9 = 1): Buffer {
  const bytes = Buffer.from(payload);
  const long = bytes.length > 125;
  const head = Buffer.alloc((long ? 4 : 2) + 4);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (long ? 126 : bytes.length);
  if (long) head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}
