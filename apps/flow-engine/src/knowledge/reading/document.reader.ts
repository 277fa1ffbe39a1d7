import { cleanText } from '@parley/text';
import { UnreadableDocumentError } from './blocks.ts';
import type { DocumentSource, ReadPassage, ReadText } from './blocks.ts';
import { readHtml } from './html.reader.ts';
import { readMarkdown } from './markdown.reader.ts';
import { buildPassages } from './passages.ts';
import { readText } from './text.reader.ts';

export const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

const readers = new Map<string, (text: string) => ReadText>([
  ['text/plain', readText],
  ['text/markdown', readMarkdown],
  ['text/html', readHtml],
]);

/** Media types that can be read. */
export const readableMediaTypes: readonly string[] = [...readers.keys()];

/** Control characters that text never holds. */
const controls = /(?![\t\n\f\r])\p{Cc}/gu;

/** What is wrong with a document before it is read; null when nothing is. */
export function refusalOf(source: DocumentSource): string | null {
  if (!readers.has(source.mediaType)) {
    return `The media type ${source.mediaType.slice(0, 100)} cannot be read. Use ${[...readers.keys()].join(', ')}.`;
  }
  if (Buffer.byteLength(source.text) > MAX_DOCUMENT_BYTES) {
    return `The document is larger than ${MAX_DOCUMENT_BYTES / 1024 / 1024} MiB. Split it into several documents.`;
  }
  if (source.text.trim() === '') {
    return 'The document is empty.';
  }
  return isBinary(source.text)
    ? 'The document holds binary data, not text. Convert it to text, Markdown or HTML first.'
    : null;
}

function isBinary(text: string): boolean {
  if (text.includes('\u0000')) {
    return true;
  }
  const limit = Math.max(8, text.length / 100);
  let strange = 0;
  for (let place = 0; place < text.length && strange <= limit; place += 1) {
    strange += isStrange(text.charCodeAt(place)) ? 1 : 0;
  }
  return strange > limit;
}

/** A control character that text never holds, or what undecodable bytes become. */
function isStrange(code: number): boolean {
  const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  return (isControl && !(code >= 0x09 && code <= 0x0d && code !== 0x0b)) || code === 0xfffd;
}

/** A document as it is indexed. */
export interface ReadDocument {
  /** The title that the document gives itself; null where it gives none. */
  ownTitle: string | null;
  passages: ReadPassage[];
}

/** The passages of a document. @throws UnreadableDocumentError with a reason for the person who added it */
export function readDocument(source: DocumentSource): ReadPassage[] {
  return readWhole(source).passages;
}

/** Reads a document. @throws UnreadableDocumentError with a reason for the person who added it */
export function readWhole(source: DocumentSource): ReadDocument {
  const refusal = refusalOf(source);
  const reader = readers.get(source.mediaType);
  if (refusal !== null || reader === undefined) {
    throw new UnreadableDocumentError(refusal ?? 'The document cannot be read.');
  }
  const text = cleanText(source.text.replace(/\r\n?/g, '\n').replace(controls, ''));
  const { title: ownTitle, blocks } = reader(text);
  const passages = buildPassages(source.title, blocks);
  if (passages.length === 0) {
    throw new UnreadableDocumentError(
      'No text was found in the document: it may hold only navigation, scripts or images.',
    );
  }
  return { ownTitle, passages };
}
