import { parentPort } from 'node:worker_threads';
import { type DocumentSource, UnreadableDocumentError } from './blocks.ts';
import { indexDocument } from './index-document.ts';

/** What the service tells the thread: a document to index, or the stems that it asked for. */
export type ToReader = { kind: 'index'; source: DocumentSource } | { kind: 'stems'; vectors: string[] };

/** What the thread tells the service; rows come piece by piece, so that none of them is large. */
export type FromReader =
  | { kind: 'stem'; texts: string[] }
  | { kind: 'passages' | 'entries'; rows: string; count: number }
  | { kind: 'words'; words: string[] }
  | { kind: 'done'; passages: number; terms: number }
  | { kind: 'refused'; reason: string };

const post = (message: FromReader): void => parentPort?.postMessage(message);
let answerStems: ((vectors: string[]) => void) | undefined;

function stem(texts: string[]): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  answerStems = resolve;
  post({ kind: 'stem', texts });
  return promise;
}

async function index(source: DocumentSource): Promise<void> {
  try {
    const { passageRows, entryRows, words, passages, terms } = await indexDocument(source, stem);
    for (const piece of passageRows) post({ kind: 'passages', ...piece });
    for (const piece of entryRows) post({ kind: 'entries', ...piece });
    for (const piece of words) post({ kind: 'words', words: piece });
    post({ kind: 'done', passages, terms });
  } catch (error) {
    const isExpected = error instanceof UnreadableDocumentError || error instanceof RangeError;
    if (!isExpected) throw error;
    post({
      kind: 'refused',
      reason:
        error instanceof UnreadableDocumentError ? error.message : 'The document nests too deep to be read.',
    });
  }
}

parentPort?.on('message', (message: ToReader) => {
  if (message.kind === 'index') void index(message.source);
  else answerStems?.(message.vectors);
});
