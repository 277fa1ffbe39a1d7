import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as it goes over the wire, with the id it is known by. */
export interface Shot {
  id: string;
  bytes: Buffer;
}

/** Requests that may wait for an answer at once in an open loop; more is a failed run. */
const MOST_OPEN = 5000;

/** One kept-alive connection, one request at a time; it reads no more of an answer than it must. */
class Connection {
  private readonly socket: Socket;
  private received = '';
  private done: ((status: number) => void) | null = null;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk) => this.read(String(chunk)));
    this.socket.on('error', () => this.finish(0));
    this.socket.on('close', () => this.finish(0));
  }

  /** Status of the answer; 0 when the connection broke. */
  send(bytes: Buffer): Promise<number> {
    if (this.socket.destroyed) return Promise.resolve(0);
    return new Promise((resolve) => {
      this.done = resolve;
      this.socket.write(bytes);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: string): void {
    this.received += chunk;
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.received)?.[1] ?? 0);
    if (this.received.length < end + 4 + length) return;
    const status = Number(this.received.slice(9, 12));
    this.received = '';
    this.finish(status);
  }

  private finish(status: number): void {
    const { done } = this;
    this.done = null;
    done?.(status);
  }
}

/** Sends requests to a port of this machine, closed loop or open loop. */
export class HttpLoad {
  private readonly connections: Connection[];
  private readonly accepted: number;

  /** `accepted` is the status of an answer that accepts. */
  constructor(port: number, connections: number, accepted = 202) {
    this.accepted = accepted;
    this.connections = Array.from({ length: connections }, () => new Connection(port));
  }

  /** Closed loop: every connection sends its next request after the answer to the last. Answers how many were accepted. */
  async closed(shots: readonly Shot[]): Promise<number> {
    let next = 0;
    let accepted = 0;
    await Promise.all(
      this.connections.map(async (connection) => {
        for (let shot = shots[next++]; shot; shot = shots[next++]) {
          if ((await connection.send(shot.bytes)) === this.accepted) accepted += 1;
        }
      }),
    );
    return accepted;
  }

  /**
   * Open loop: send times are fixed in advance, whatever comes back.
   * @returns latencies of the answers in ms, from the due time
   * @throws Error when a request is refused or too many are open
   */
  async open(
    shots: readonly Shot[],
    perSecond: number,
    sent: (shot: Shot, due: number) => void,
  ): Promise<number[]> {
    const { latencies, refused } = await this.offer(shots, perSecond, sent);
    if (refused > 0) throw new Error(`${refused} requests were refused.`);
    return latencies;
  }

  /**
   * The same, where requests may be refused.
   * @returns latencies of the accepted ones, and how many were refused
   */
  async offer(
    shots: readonly Shot[],
    perSecond: number,
    sent: (shot: Shot, due: number) => void = () => undefined,
  ): Promise<{ latencies: number[]; refused: number }> {
    const free = [...this.connections];
    const queue: { shot: Shot; due: number }[] = [];
    const latencies: number[] = [];
    let refused = 0;
    const next = (connection: Connection): void => {
      const one = queue.shift();
      if (!one) free.push(connection);
      else
        void connection.send(one.shot.bytes).then((status) => {
          if (status === this.accepted) latencies.push(performance.now() - one.due);
          else refused += 1;
          next(connection);
        });
    };
    const start = performance.now() + 5;
    for (let index = 0; index < shots.length; ) {
      for (let shot = shots[index]; shot; shot = shots[index]) {
        const due = start + (index * 1000) / perSecond;
        if (due > performance.now()) break;
        index += 1;
        sent(shot, due);
        queue.push({ shot, due });
        const connection = free.pop();
        if (connection) next(connection);
      }
      if (queue.length > MOST_OPEN) throw new Error('Too many requests waited for an answer.');
      await sleep(1);
    }
    while (latencies.length + refused < shots.length) await sleep(5);
    return { latencies, refused };
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }
}
