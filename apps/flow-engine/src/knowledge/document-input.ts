import { type addDocument, badRequest, type OperationInput } from '@parley/contracts';
import { toFileName } from '@parley/text';
import type { DocumentRequest } from './knowledge.library.ts';
import { decodeDocument } from './reading/decode.ts';
import { ownTitleOf } from './reading/own-title.ts';

type Input = OperationInput<typeof addDocument>;

const MAX_TITLE = 500;

/** One of the three ways to add a document: as text, as a file, or by the URL it is fetched from. */
export function documentOf(input: Input): DocumentRequest {
  const { text, file, mediaType, title, url, ...rest } = input;
  if (text !== undefined && file !== undefined)
    throw badRequest('A document is given as text or as a file, not both.', [
      missing('file', 'stands beside text'),
    ]);
  if (file !== undefined) return { ...rest, url: urlOf(url), ...readFile(file, { title, mediaType }) };
  if (text !== undefined) {
    if (title === undefined) throw badRequest('The text has no title.', [missing('title')]);
    if (mediaType === undefined) throw badRequest('The text has no media type.', [missing('mediaType')]);
    return { ...rest, url: urlOf(url), title, mediaType, text };
  }
  if (url === undefined)
    throw badRequest('Give the document as text, as a file or by its URL.', [missing('text')]);
  const address = new URL(url);
  address.hash = '';
  return {
    ...rest,
    url: address.href,
    title: title ?? address.href,
    mediaType: mediaType ?? 'text/html',
    text: null,
  };
}

/** One form of each URL: a document is replaced by its URL. */
const urlOf = (url: string | undefined): string | undefined => url && new URL(url).href;

function readFile(
  file: NonNullable<Input['file']>,
  given: Pick<Input, 'title' | 'mediaType'>,
): Pick<DocumentRequest, 'title' | 'mediaType' | 'text' | 'reason'> {
  const decoded = decodeDocument(Buffer.from(file.base64, 'base64'), file.mediaType, file.name);
  const name = toFileName(file.name, MAX_TITLE) || 'Untitled';
  if ('reason' in decoded) {
    const title = given.title ?? name;
    const mediaType = given.mediaType ?? (file.mediaType || 'application/octet-stream');
    return { title, mediaType, text: null, reason: decoded.reason };
  }
  const read = { mediaType: given.mediaType ?? decoded.mediaType, text: decoded.text };
  return { ...read, title: given.title ?? ownTitleOf(read) ?? name };
}

function missing(field: string, detail = 'is missing'): { pointer: string; detail: string } {
  return { pointer: `/${field}`, detail };
}
