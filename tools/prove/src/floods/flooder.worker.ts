/** Floods from a thread of its own, so that the measuring beside it is not slowed down by it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { frameOf, RawSocket } from './raw-socket.ts';

/** What is to be sent. */
export interface Flood {
  url: string;
  origin: string;
  /** Sent first; the flood begins with the first answer. Null: it begins at once. */
  greeting: string | null;
  /** A text frame, or `ping` or `sound`; null: nothing is sent at all. */
  frame: string | null;
  perSecond: number;
  sockets: number;
  seconds: number;
}

/** What came of it. */
export interface FloodReport {
  written: number;
  /** Frames that the server did not take in time. */
  held: number;
  connections: number;
  /** Ends of connections, by close code; 429: the upgrade was refused. */
  ends: Record<number, number>;
}

const TICK_MS = 10;
const flood = workerData as Flood;
const report: FloodReport = { written: 0, held: 0, connections: 0, ends: {} };
const until = performance.now() + flood.seconds * 1000;
const count = (code: number): void => {
  report.ends[code] = (report.ends[code] ?? 0) + 1;
};

function bytesOf(frame: string): Buffer {
  if (frame === 'ping') return frameOf('', 9);
  return frame === 'sound' ? frameOf(Buffer.alloc(640), 2) : frameOf(frame);
}

/** One client that floods, and comes back at once whenever it is sent away. */
async function pester(): Promise<void> {
  const perTick = (flood.perSecond * TICK_MS) / 1000;
  const batch = flood.frame
    ? Buffer.concat(Array.from({ length: perTick }, () => bytesOf(flood.frame ?? '')))
    : null;
  while (performance.now() < until) {
    const socket = await RawSocket.open(flood.url, flood.origin);
    if (!socket) {
      count(429);
      await sleep(100);
      continue;
    }
    report.connections += 1;
    if (flood.greeting) socket.write(frameOf(flood.greeting));
    const isReady = (): boolean => flood.greeting === null || socket.texts.length > 0;
    for (let due = performance.now(); socket.closed === null && performance.now() < until; ) {
      await sleep(TICK_MS);
      for (; batch && isReady() && due < performance.now(); due += TICK_MS) {
        if (!socket.isWritable) report.held += perTick;
        else {
          socket.write(batch);
          report.written += perTick;
        }
      }
    }
    if (socket.closed !== null) count(socket.closed);
    socket.destroy();
  }
}

await Promise.all(Array.from({ length: flood.sockets }, () => pester()));
parentPort?.postMessage(report);
