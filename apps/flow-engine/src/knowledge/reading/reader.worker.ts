import { parentPort } from 'node:worker_threads';
import { UnreadableDocumentError } from './blocks.ts';
import type { DocumentSource } from './blocks.ts';
import { readDocument } from './document.reader.ts';

parentPort?.on('message', (source: DocumentSource) => {
  try {
    parentPort?.postMessage({ passages: readDocument(source) });
  } catch (error) {
    const isExpected = error instanceof UnreadableDocumentError || error instanceof RangeError;
    if (!isExpected) {
      throw error;
    }
    parentPort?.postMessage({
      reason:
        error instanceof UnreadableDocumentError ? error.message : 'The document nests too deep to be read.',
    });
  }
});
