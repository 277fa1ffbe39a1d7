import { Worker } from 'node:worker_threads';
import { requireNoTransaction } from '@parley/database';
import { UnreadableDocumentError } from './blocks.ts';
import type { DocumentSource, ReadPassage } from './blocks.ts';

const TIME_LIMIT_MS = 20_000;
const MEMORY_LIMIT_MB = 512;

type Answer = { passages: ReadPassage[] } | { reason: string };

/**
 * Reads documents in a thread of its own, one after another: a hostile document costs at most its time and memory
 * limit, and never holds up the service. The thread starts with the first document and does not keep the process alive.
 */
export class DocumentReader {
  private readonly timeLimitMs: number;
  private worker: Worker | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(timeLimitMs: number = TIME_LIMIT_MS) {
    this.timeLimitMs = timeLimitMs;
  }

  /** @throws UnreadableDocumentError with a reason for the person who added the document */
  read(source: DocumentSource): Promise<ReadPassage[]> {
    requireNoTransaction('The reading of a document');
    const result = this.queue.then(() => this.readNow(source));
    this.queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
    this.worker = undefined;
  }

  private start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./reader.worker.${extension}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MB },
      execArgv: [],
    });
    worker.unref();
    this.worker = worker;
    return worker;
  }

  private async readNow(source: DocumentSource): Promise<ReadPassage[]> {
    const worker = this.worker ?? this.start();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const abandon = (reason: string): void => {
      this.worker = undefined;
      worker.terminate().catch(() => undefined);
      reject(new UnreadableDocumentError(reason));
    };
    const timer = setTimeout(
      () =>
        abandon(`Reading the document took longer than ${this.timeLimitMs / 1000} s. Split or simplify it.`),
      this.timeLimitMs,
    );
    const onError = (error: Error): void => abandon(describe(error));
    worker.once('message', resolve);
    worker.once('error', onError);
    worker.postMessage(source);
    try {
      const answer = await promise;
      if ('reason' in answer) {
        throw new UnreadableDocumentError(answer.reason);
      }
      return answer.passages;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve);
      worker.off('error', onError);
    }
  }
}

function describe(error: Error): string {
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  const what = isMemory
    ? `Reading the document takes more than ${MEMORY_LIMIT_MB} MB of memory.`
    : `The document could not be read: ${error.message}.`;
  return `${what} Split or simplify it.`;
}
