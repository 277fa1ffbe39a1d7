import { sleep } from '@parley/database';
import { EgressError } from '@parley/service';
import { UnreadableDocumentError } from './blocks.ts';
import { decodeDocument } from './decode.ts';
import { MAX_DOCUMENT_BYTES, readableMediaTypes } from './document.reader.ts';
import { ownTitleOf } from './own-title.ts';

/** Limits of fetching one document. */
export const fetchLimits = { timeoutMs: 20_000, maxBytes: MAX_DOCUMENT_BYTES, maxRedirects: 3 };

export interface FetchedDocument {
  title: string | null;
  mediaType: string;
  text: string;
}

const ATTEMPTS = 3;
const PAUSE_MS = 1000;

class PassingError extends Error {}

/**
 * Fetches a document; what fails in passing is tried again.
 * @throws UnreadableDocumentError with a reason for the person who added it
 */
export async function fetchDocument(fetch: typeof globalThis.fetch, url: string): Promise<FetchedDocument> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchOnce(fetch, url);
    } catch (error) {
      if (!(error instanceof PassingError)) throw error;
      if (attempt === ATTEMPTS) throw new UnreadableDocumentError(error.message);
      await sleep(PAUSE_MS * attempt);
    }
  }
}

async function fetchOnce(fetch: typeof globalThis.fetch, url: string): Promise<FetchedDocument> {
  const headers = { accept: readableMediaTypes.join(', ') };
  try {
    const answer = await fetch(url, { headers });
    if (!answer.ok) throw await refused(answer);
    const contentType = answer.headers.get('content-type') ?? '';
    const [essence = ''] = contentType.split(';');
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const decoded = decodeDocument(bytes, contentType, new URL(url).pathname);
    if ('reason' in decoded) {
      const isText = essence === '' || essence.trim().toLowerCase().startsWith('text/');
      throw new UnreadableDocumentError(
        isText ? decoded.reason : `The address answers ${essence.slice(0, 100)}, which cannot be read.`,
      );
    }
    return { ...decoded, title: ownTitleOf(decoded) };
  } catch (error) {
    throw reasonFor(error);
  }
}

async function refused(answer: Response): Promise<Error> {
  await answer.body?.cancel();
  const reason = `The address answered with status ${answer.status}.`;
  const isPassing = answer.status === 429 || answer.status >= 500;
  return isPassing ? new PassingError(reason) : new UnreadableDocumentError(reason);
}

function reasonFor(error: unknown): Error {
  if (error instanceof UnreadableDocumentError || error instanceof PassingError) return error;
  const egress = egressIn(error);
  if (egress?.code === 'egress_timeout') return new PassingError(`${egress.message}.`);
  if (egress) return new UnreadableDocumentError(`The document could not be fetched: ${egress.message}.`);
  return new PassingError('The address could not be reached.');
}

function egressIn(error: unknown): EgressError | null {
  if (error instanceof EgressError) return error;
  return error instanceof Error && error.cause !== undefined ? egressIn(error.cause) : null;
}
