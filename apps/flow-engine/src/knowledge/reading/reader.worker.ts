import { parentPort } from 'node:worker_threads';
import { type DocumentSource, type ReadPassage, UnreadableDocumentError } from './blocks.ts';
import { indexDocument, indexPassages, type IndexRows } from './index-document.ts';

/** What the thread is asked to index: a document, or the passages of one that was read before, as JSON in pieces. */
export type IndexWork =
  | { kind: 'index'; source: DocumentSource }
  | { kind: 'segment'; title: string; ownTitle: string | null; passages: string[] };

/** What the service tells the thread: work, or the stems that it asked for. */
export type ToReader = IndexWork | { kind: 'stems'; lexemes: (string | null)[] };

/** What the thread tells the service; rows come piece by piece, so that none of them is large. */
export type FromReader =
  | { kind: 'stem'; words: string[]; stemmers: string[] }
  | { kind: 'passages' | 'entries'; rows: string; count: number }
  | { kind: 'words'; words: string[] }
  | { kind: 'done'; passages: number; terms: number; languages: string; ownTitle: string | null }
  | { kind: 'refused'; reason: string };

const post = (message: FromReader): void => parentPort?.postMessage(message);
let answerStems: ((lexemes: (string | null)[]) => void) | undefined;

function stem(words: string[], stemmers: string[]): Promise<(string | null)[]> {
  const { promise, resolve } = Promise.withResolvers<(string | null)[]>();
  answerStems = resolve;
  post({ kind: 'stem', words, stemmers });
  return promise;
}

function rowsOf(work: IndexWork): Promise<IndexRows> {
  if (work.kind === 'index') return indexDocument(work.source, stem);
  const passages = work.passages.flatMap((piece) => JSON.parse(piece) as ReadPassage[]);
  return indexPassages({ ...work, passages }, stem);
}

async function index(work: IndexWork): Promise<void> {
  try {
    const { passageRows, entryRows, words, ...whole } = await rowsOf(work);
    for (const piece of passageRows) post({ kind: 'passages', ...piece });
    for (const piece of entryRows) post({ kind: 'entries', ...piece });
    for (const piece of words) post({ kind: 'words', words: piece });
    post({ kind: 'done', ...whole });
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
  if (message.kind === 'stems') answerStems?.(message.lexemes);
  else void index(message);
});
