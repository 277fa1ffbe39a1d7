import { Worker } from 'node:worker_threads';
import { APIConnectionError } from '@livekit/agents';
import { truncate } from '@parley/text';
import type { EngineCallOptions, EngineCalls } from './port.ts';

/** A message to a worker; `cancelled` becomes 1 when nobody wants the answer any more. */
export interface WorkerRequest<Request = unknown> {
  readonly id: number;
  readonly request: Request;
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

/** A worker's message: a piece of an answer, its end, or why there is none. */
export type WorkerAnswer =
  | { readonly id: number; readonly piece: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };

interface Open {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onPiece: ((piece: unknown) => void) | undefined;
}

/** How many calls may wait for a worker; more are refused at once, so that memory stays bounded. */
const MAX_OPEN = 256;

/** A worker thread that answers calls. It starts with the first call, and anew when it has died. */
export class WorkerCalls implements EngineCalls {
  readonly #open = new Map<number, Open>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor(
    private readonly name: string,
    private readonly script: URL,
    private readonly limits: { readonly maxOldGenerationSizeMb: number },
  ) {}

  /**
   * @throws {APIConnectionError} when the worker dies or has too much to do; the next call starts a new one
   * @throws the signal's reason when aborted
   */
  async call<Answer>(request: object, options: EngineCallOptions = {}): Promise<Answer> {
    options.signal?.throwIfAborted();
    if (this.#closed) throw failure(`The ${this.name} is closed`, false);
    if (this.#open.size >= MAX_OPEN) throw failure(`The ${this.name} has more to do than it can`, true);
    const worker = this.#started();
    const id = (this.#lastId += 1);
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const message: WorkerRequest = { id, request, cancelled };
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        onAbort = () => {
          Atomics.store(cancelled, 0, 1);
          reject(options.signal?.reason as Error);
        };
        options.signal?.addEventListener('abort', onAbort, { once: true });
        this.#open.set(id, { resolve: resolve as Open['resolve'], reject, onPiece: options.onPiece });
        worker.ref();
        worker.postMessage(message, [...(options.transfer ?? [])]);
      });
    } finally {
      if (onAbort) options.signal?.removeEventListener('abort', onAbort);
      this.#open.delete(id);
      if (this.#open.size === 0) this.#worker?.unref();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#lost(`The ${this.name} was closed`);
    await worker?.terminate();
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.script, {
      name: this.name,
      resourceLimits: this.limits,
      execArgv: ['--no-warnings'],
    });
    worker.on('message', (message: WorkerAnswer) => this.#take(message));
    worker.on('error', (error) => this.#lost(`The ${this.name} failed: ${firstLine(error)}`, worker));
    worker.on('exit', () => this.#lost(`The ${this.name} ended`, worker));
    this.#worker = worker;
    return worker;
  }

  #take(message: WorkerAnswer): void {
    const open = this.#open.get(message.id);
    if (!open) return;
    if ('piece' in message) open.onPiece?.(message.piece);
    else if ('answer' in message) open.resolve(message.answer);
    else open.reject(failure(`The ${this.name} failed: ${message.error}`, false));
  }

  #lost(why: string, worker = this.#worker): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    const error = failure(why, !this.#closed);
    for (const open of [...this.#open.values()]) open.reject(error);
  }
}

function failure(message: string, retryable: boolean): APIConnectionError {
  return new APIConnectionError({ message, options: { retryable } });
}

function firstLine(error: unknown): string {
  return truncate((error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '', 200);
}

/** A worker's file beside the file that names it, as TypeScript where that one is. */
export function workerScript(name: string, besides: string): URL {
  return new URL(`./${name}.${besides.endsWith('.ts') ? 'ts' : 'js'}`, besides);
}
