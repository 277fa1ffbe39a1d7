/** What the Content-Disposition of a part of a form says (RFC 7578 §4.2). */
export interface Disposition {
  type: string;
  name: string | null;
  /** Null: the part is no file. */
  fileName: string | null;
}

const PARAMETER = /;[ \t]*([!#$%&'*+\-.^_`|~\w]+)[ \t]*=[ \t]*/y;
/** What browsers escape in names (WHATWG), though names are not percent-encoded otherwise. */
const BROWSER_ESCAPES = /%22|%0D%0A|%0D|%0A/gi;
/** RFC 2047, which old mail libraries use. */
const ENCODED_WORD = /=\?([\w-]+)\?([BQ])\?([^?\s]*)\?=(?:[ \t]+(?==\?))?/gi;

/**
 * Reads the header of a part as any client writes it: quotes escaped by a backslash, by %22 or not at all, paths of
 * Windows with their backslashes, `filename*` (RFC 8187), encoded words (RFC 2047), raw UTF-8 and raw Latin-1.
 * @param header bytes as Latin-1
 */
export function readDisposition(header: string): Disposition {
  const [type = ''] = header.split(';');
  const parameters = new Map<string, string>();
  for (let at = type.length; at < header.length; ) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(header);
    if (!found) {
      at = nextSemicolon(header, at + 1);
      continue;
    }
    const { value, end } = readValue(header, PARAMETER.lastIndex);
    const name = found[1]?.toLowerCase() ?? '';
    if (!parameters.has(name)) parameters.set(name, value);
    at = end;
  }
  const name = parameters.get('name');
  return {
    type: type.trim().toLowerCase(),
    name: name === undefined ? null : unescaped(decodeBytes(name)),
    fileName: fileNameOf(parameters),
  };
}

function fileNameOf(parameters: ReadonlyMap<string, string>): string | null {
  const extended = parameters.get('filename*');
  const plain = parameters.get('filename');
  const decoded = extended === undefined ? null : readExtended(extended);
  if (decoded !== null) return decoded;
  if (plain === undefined) return extended === undefined ? null : guessExtended(extended);
  return readEncodedWords(unescaped(decodeBytes(plain)));
}

/** The value of a parameter and where the next one begins. */
function readValue(header: string, start: number): { value: string; end: number } {
  if (header[start] !== '"') {
    const end = nextSemicolon(header, start);
    return { value: header.slice(start, end).trim(), end };
  }
  let value = '';
  for (let at = start + 1; at < header.length; at += 1) {
    const char = header.charAt(at);
    const next = header.charAt(at + 1);
    // A backslash before anything else is one of a path.
    if (char === '\\' && (next === '"' || next === '\\') && !closes(header, at + 1)) {
      value += next;
      at += 1;
    } else if (char === '"' && closes(header, at)) {
      return { value, end: nextSemicolon(header, at) };
    } else value += char;
  }
  return { value, end: header.length };
}

/** Whether a quotation mark ends its value: nothing but another parameter follows. Some clients escape none. */
function closes(header: string, at: number): boolean {
  return header[at] === '"' && /^"[ \t]*(?:$|;[ \t]*(?:$|[\w*]+[ \t]*=))/.test(header.slice(at));
}

function nextSemicolon(header: string, from: number): number {
  const at = header.indexOf(';', from);
  return at === -1 ? header.length : at;
}

/** UTF-8 where the bytes are, else Windows-1252, which holds Latin-1. */
function decodeBytes(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

const unescaped = (value: string): string =>
  value.replaceAll(BROWSER_ESCAPES, (escape) => (escape === '%22' ? '"' : '\n'));

/** `charset'language'text` (RFC 8187), each but the text empty where the value has not this form. */
function partsOfExtended(value: string): { charset: string; bytes: string } {
  const [, charset = '', text = value] = /^"?([\w-]*)'[\w-]*'(.*?)"?$/s.exec(value) ?? [];
  const bytes = text.replaceAll(/%([0-9a-f]{2})/gi, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return { charset, bytes };
}

/** Null where it cannot be read. */
function readExtended(value: string): string | null {
  const { charset, bytes } = partsOfExtended(value);
  return charset === '' ? null : decodeAs(charset, Buffer.from(bytes, 'latin1'));
}

/** A name of an unknown charset, where the client sends no other. */
const guessExtended = (value: string): string => decodeBytes(partsOfExtended(value).bytes);

function readEncodedWords(value: string): string {
  return value.replaceAll(ENCODED_WORD, (word, charset: string, encoding: string, text: string) => {
    const bytes =
      encoding.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64')
        : Buffer.from(
            text
              .replaceAll('_', ' ')
              .replaceAll(/=([0-9a-f]{2})/gi, (_escape, hex: string) =>
                String.fromCharCode(Number.parseInt(hex, 16)),
              ),
            'latin1',
          );
    return decodeAs(charset, bytes) ?? word;
  });
}

function decodeAs(charset: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
