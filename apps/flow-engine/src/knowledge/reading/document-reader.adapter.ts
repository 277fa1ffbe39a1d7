import { Worker } from 'node:worker_threads';
import { requireNoTransaction } from '@parley/database';
import { UnreadableDocumentError } from './blocks.ts';
import type { DocumentSource } from './blocks.ts';
import type { IndexRows, Stemmer } from './index-document.ts';
import type { FromReader, IndexWork, ToReader } from './reader.worker.ts';

const TIME_LIMIT_MS = 20_000;
const MEMORY_LIMIT_MB = 512;

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

  /**
   * Reads a document and builds its part of the index.
   * @param stem answers the words that the thread has found
   * @throws UnreadableDocumentError with a reason for the person who added the document
   */
  index(source: DocumentSource, stem: Stemmer): Promise<IndexRows> {
    return this.enqueue({ kind: 'index', source }, stem);
  }

  /** Builds the index of passages that were read before; `passages` are JSON in pieces. */
  segment(
    document: { title: string; ownTitle: string | null; passages: string[] },
    stem: Stemmer,
  ): Promise<IndexRows> {
    return this.enqueue({ kind: 'segment', ...document }, stem);
  }

  private enqueue(work: IndexWork, stem: Stemmer): Promise<IndexRows> {
    requireNoTransaction('The reading of a document');
    const result = this.queue.then(() => this.indexNow(work, stem));
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
      // Where this process runs the sources of libraries, so does the thread.
      execArgv: process.execArgv.filter((argument) => argument.startsWith('--conditions')),
    });
    worker.unref();
    this.worker = worker;
    return worker;
  }

  private async indexNow(work: IndexWork, stem: Stemmer): Promise<IndexRows> {
    const worker = this.worker ?? this.start();
    const { promise, resolve, reject } = Promise.withResolvers<IndexRows>();
    const rows: IndexRows = {
      ...{ passages: 0, terms: 0, languages: '', ownTitle: null, passageRows: [], entryRows: [], words: [] },
    };
    const abandon = (error: Error): void => {
      this.worker = undefined;
      worker.terminate().catch(() => undefined);
      reject(error);
    };
    const limit = new WorkLimit(this.timeLimitMs, () =>
      abandon(
        new UnreadableDocumentError(
          `Reading the document took longer than ${this.timeLimitMs / 1000} s. Split or simplify it.`,
        ),
      ),
    );
    const onError = (error: Error): void => abandon(new UnreadableDocumentError(describe(error)));
    const onMessage = (message: FromReader): void => {
      if (message.kind === 'passages') rows.passageRows.push(message);
      else if (message.kind === 'entries') rows.entryRows.push(message);
      else if (message.kind === 'words') rows.words.push(message.words);
      else if (message.kind === 'refused') reject(new UnreadableDocumentError(message.reason));
      else if (message.kind === 'done')
        resolve({
          ...rows,
          passages: message.passages,
          terms: message.terms,
          languages: message.languages,
          ownTitle: message.ownTitle,
        });
      else if (message.kind === 'stem') {
        limit.pause();
        stem(message.words, message.stemmers).then((lexemes) => {
          limit.go();
          worker.postMessage({ kind: 'stems', lexemes } satisfies ToReader);
        }, abandon);
      }
    };
    worker.on('message', onMessage);
    worker.once('error', onError);
    limit.go();
    worker.postMessage(work satisfies ToReader);
    try {
      return await promise;
    } finally {
      limit.pause();
      worker.off('message', onMessage);
      worker.off('error', onError);
    }
  }
}

/** Counts the time that the thread works by itself, not what it waits for. */
class WorkLimit {
  private leftMs: number;
  private readonly onOver: () => void;
  private timer: NodeJS.Timeout | undefined;
  private startedAt = 0;

  constructor(limitMs: number, onOver: () => void) {
    this.leftMs = limitMs;
    this.onOver = onOver;
  }

  go(): void {
    this.startedAt = performance.now();
    this.timer = setTimeout(this.onOver, Math.max(0, this.leftMs));
  }

  pause(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.leftMs -= performance.now() - this.startedAt;
  }
}

function describe(error: Error): string {
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  const what = isMemory
    ? `Reading the document takes more than ${MEMORY_LIMIT_MB} MB of memory.`
    : `The document could not be read: ${error.message}.`;
  return `${what} Split or simplify it.`;
}
