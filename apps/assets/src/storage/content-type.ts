import { fileTypeFromBuffer, supportedMimeTypes } from 'file-type';

/** How much of a file tells what it is. */
export const SNIFFED_BYTES = 65_536;

/** Bytes of which a text has none. */
const TEXT_SAMPLE = 8192;

/** Formats in which others are packed: what is inside is theirs to say. */
const containers: Readonly<Record<string, RegExp>> = {
  'application/zip':
    /^application\/(?:vnd\.(?:openxmlformats-officedocument|oasis\.opendocument|ms-(?:excel|word|powerpoint)|apple)\.[a-z0-9.+-]+|vnd\.android\.package-archive|epub\+zip|java-archive|x-zip-compressed|x-xpinstall)$|^model\/3mf$/,
  'application/x-cfb':
    /^application\/(?:msword|vnd\.ms-(?:excel|powerpoint|outlook|office)|vnd\.visio|x-msi)$/,
  'application/xml': /^(?:text\/xml|text\/html|application\/xhtml\+xml|[a-z]+\/[a-z0-9.-]+\+xml)$/,
  'application/gzip': /^application\/(?:x-gzip|x-gtar|x-tgz)$/,
};

/** Names of one and the same, and formats that hold sound alone or pictures with it. */
const families: readonly ReadonlySet<string>[] = [
  ['image/jpeg', 'image/jpg', 'image/pjpeg'],
  ['image/png', 'image/apng'],
  ['image/x-icon', 'image/vnd.microsoft.icon'],
  ['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  ['image/bmp', 'image/x-ms-bmp'],
  ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'],
  ['audio/mpeg', 'audio/mp3', 'audio/x-mp3'],
  ['audio/ogg', 'video/ogg', 'application/ogg', 'audio/opus', 'audio/vorbis'],
  ['audio/webm', 'video/webm', 'video/matroska', 'video/x-matroska', 'audio/x-matroska'],
  ['audio/mp4', 'video/mp4', 'audio/x-m4a', 'audio/m4a', 'video/x-m4v', 'audio/aac', 'video/quicktime'],
  ['audio/aac', 'audio/x-aac', 'audio/aacp'],
  ['video/3gpp', 'audio/3gpp', 'video/3gpp2', 'audio/3gpp2', 'video/mp4', 'audio/mp4'],
  ['audio/flac', 'audio/x-flac'],
  ['audio/aiff', 'audio/x-aiff'],
  ['audio/amr', 'audio/amr-wb'],
  ['video/vnd.avi', 'video/x-msvideo', 'video/avi'],
  ['video/x-ms-wmv', 'audio/x-ms-wma', 'application/vnd.ms-asf', 'video/x-ms-asf', 'audio/x-ms-asf'],
  ['application/x-rar-compressed', 'application/vnd.rar', 'application/x-rar'],
  ['application/x-bzip2', 'application/x-bzip'],
  ['application/rtf', 'text/rtf'],
  ['text/vcard', 'text/x-vcard'],
  ['model/stl', 'application/sla', 'application/vnd.ms-pki.stl'],
].map((names) => new Set(names));

const texts =
  /^text\/|^application\/(?:json|javascript|ecmascript|x-ndjson|sql|x-sh|yaml|toml|xml)$|\+(?:json|xml|yaml)$/;
const unsaid = 'application/octet-stream';
const detectable: ReadonlySet<string> = new Set([...supportedMimeTypes].map(essence));

/** A media type without its parameters. */
export function essence(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

/**
 * Holds what a file begins with against the type that was said.
 * @returns what is wrong, for people; null when nothing is
 */
export async function lieOf(head: Buffer, contentType: string): Promise<string | null> {
  const said = essence(contentType);
  if (said === unsaid) return null;
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (found) {
    const is = essence(found.mime);
    return isSame(is, said) || (isText(said) && isText(is))
      ? null
      : `It was said to be ${said}, and is ${is}.`;
  }
  if (isText(said)) return looksBinary(head) ? `It was said to be ${said}, and is no text.` : null;
  return isDetectable(said) ? `It was said to be ${said}, and is none.` : null;
}

/** Whether a page may show it in place: what may hold a script may not. */
export function isShownInPlace(contentType: string): boolean {
  const type = essence(contentType);
  return type !== 'image/svg+xml' && (/^(?:image|audio|video)\//.test(type) || type === 'application/pdf');
}

function isSame(is: string, said: string): boolean {
  if (is === said || (containers[is]?.test(said) ?? false)) return true;
  return families.some((names) => names.has(is) && names.has(said));
}

function isText(type: string): boolean {
  return texts.test(type);
}

/** Types whose files begin in a way that is known: a file that does not is none. */
function isDetectable(said: string): boolean {
  if (detectable.has(said)) return true;
  if (Object.values(containers).some((names) => names.test(said))) return true;
  return families.some((names) => names.has(said) && [...names].some((name) => detectable.has(name)));
}

function looksBinary(head: Buffer): boolean {
  return head.subarray(0, TEXT_SAMPLE).includes(0) && !hasUtf16Mark(head);
}

function hasUtf16Mark(head: Buffer): boolean {
  const mark = head.length >= 2 ? head.readUInt16BE(0) : 0;
  return mark === 0xfeff || mark === 0xfffe;
}
