import { parentPort } from 'node:worker_threads';
import { truncate } from '@parley/text';

interface Asked {
  readonly id: number;
  readonly request: unknown;
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** What a request's work may do beside answering. */
export interface Work {
  /** True as soon as nobody wants the answer any more. */
  readonly isCancelled: () => boolean;
  /** Sends a part of the answer before the rest. */
  readonly piece: (piece: unknown, transfer?: readonly ArrayBuffer[]) => void;
}

/** The worker's side: takes requests one after another, and skips those that were cancelled meanwhile. */
export function answerRequests<Request>(handle: (request: Request, work: Work) => unknown): void {
  const port = parentPort;
  if (!port) throw new Error('This file runs as a worker thread only');
  let last: Promise<void> = Promise.resolve();
  const answer = async ({ id, request, cancelled }: Asked): Promise<void> => {
    const isCancelled = (): boolean => Atomics.load(cancelled, 0) === 1;
    if (isCancelled()) return;
    try {
      const piece: Work['piece'] = (value, transfer = []) =>
        port.postMessage({ id, piece: value }, [...transfer]);
      const given = await handle(request as Request, { isCancelled, piece });
      port.postMessage({ id, answer: given });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ id, error: truncate(message, 500) });
    }
  };
  port.on('message', (asked: Asked) => {
    last = last.then(() => answer(asked));
  });
}
