/** What bytes turn out to be: text of a media type, or the reason why they are none. */
export type Decoded = { mediaType: string; text: string } | { reason: string };

const byExtension: ReadonlyMap<string, string> = new Map(
  Object.entries({
    txt: 'text/plain',
    text: 'text/plain',
    md: 'text/markdown',
    markdown: 'text/markdown',
    htm: 'text/html',
    html: 'text/html',
    xhtml: 'text/html',
  }),
);
const sameAs: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'application/xhtml+xml': 'text/html',
    'text/x-markdown': 'text/markdown',
  }),
);
const UNTOLD = new Set(['', 'application/octet-stream', 'binary/octet-stream']);
/** Where HTML names its charset, which has to lie within the first bytes. */
const DECLARATION_BYTES = 1024;

/** Reads bytes as text, by what is said of them: a byte order mark, the charset of the content type, HTML's own, else UTF-8. */
export function decodeDocument(bytes: Uint8Array, contentType: string, name: string): Decoded {
  const mediaType = mediaTypeOf(contentType, name);
  const charset = bomOf(bytes) ?? charsetOf(contentType) ?? declaredIn(bytes, mediaType) ?? 'utf-8';
  try {
    return { mediaType, text: new TextDecoder(charset, { fatal: true }).decode(bytes) };
  } catch (error) {
    const label = charset.slice(0, 40);
    return error instanceof RangeError
      ? { reason: `The charset "${label}" is not known. Convert the document to UTF-8.` }
      : {
          reason: `The document is not text in ${label}. Name its charset, as in "text/html; charset=iso-8859-1", or convert it to UTF-8.`,
        };
  }
}

function mediaTypeOf(contentType: string, name: string): string {
  const [given = ''] = contentType.toLowerCase().split(';');
  const type = given.trim();
  const told = byExtension.get(/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '');
  if (UNTOLD.has(type)) return told ?? 'application/octet-stream';
  // Browsers and servers know little of Markdown: its name says more than "plain".
  if (type === 'text/plain' && told === 'text/markdown') return told;
  return sameAs.get(type) ?? type;
}

function bomOf(bytes: Uint8Array): string | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : null;
}

function charsetOf(contentType: string): string | null {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? null;
}

function declaredIn(bytes: Uint8Array, mediaType: string): string | null {
  if (mediaType !== 'text/html') return null;
  const head = Buffer.from(bytes.subarray(0, DECLARATION_BYTES)).toString('latin1');
  return /<meta[^>]+charset\s*=\s*["']?([\w:.-]+)/i.exec(head)?.[1] ?? null;
}
