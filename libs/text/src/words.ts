import { compatibleText, foldLetters, spellLetters } from './normalise.ts';
import { type ScriptPiece, scriptPieces } from './scripts.ts';

/** Longer words are kept in pieces of this many UTF-16 units. */
export const MAX_WORD = 64;

/** Longer runs of words and connectors are no identifiers: their parts are kept alone. */
const MAX_IDENTIFIER = 200;

/** Digits of a phone number that identify it whatever is dialled before them. */
const PHONE_DIGITS = 9;
const LEAST_PHONE_DIGITS = 6;

/**
 * A word, folded. `letters`: of a script with spaces, without digits. `code`: with digits, or a name such as `snake_case`.
 * `ideographs`: a run of Han, kana or Hangul. `unspaced`: a run of Thai, Lao, Khmer or Myanmar.
 */
export interface Word {
  kind: 'letters' | 'code' | 'ideographs' | 'unspaced';
  /** The fold and, where it has letters such as ü, its other spelling. */
  forms: string[];
  /** What a compound is made of: `camelCase`, `snake_case`, `AB12`. Empty where it is one word. */
  parts: Word[];
}

/** Words that are written together: `CVE-2026-31337`, `E-Mail`, a number in groups. */
export interface Chunk {
  words: Word[];
  /** The whole as one term in its forms: an identifier, or `email` for `E-Mail`. Null where the words alone count. */
  whole: { kind: 'identifier' | 'joined'; forms: string[] } | null;
  /** The last digits of a phone number. */
  phone: string | null;
}

const atomPattern = '[\\p{L}\\p{M}\\p{N}_]+';
const connector = "(?:://|::|[-./:@+#&'=~%\\\\])";
const chunkPattern = new RegExp(
  [
    // A phone number: it begins with +, 0 or an area code in brackets.
    '(?<phone>(?<![\\p{L}\\p{N}_])(?:\\+ ?\\(?[1-9]|\\(0|0[0-9])[0-9]{0,20}(?:[ ()\\/.-]{1,2}[0-9]{1,20}){0,7}(?![-./:@+#&_]?[\\p{L}\\p{N}_]))',
    // An IBAN in groups of four.
    '(?<groups>(?<![\\p{L}\\p{N}_])(?:[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?|[0-9]{4}(?: [0-9]{4}){2,4})(?![\\p{L}\\p{N}_]))',
    `(?<run>${atomPattern}(?:${connector}${atomPattern})*)`,
    // A flag, an emoji without its skin tone, the sign of a currency.
    '(?<symbol>\\p{Regional_Indicator}{2}|\\p{Extended_Pictographic}|\\p{Sc})',
  ].join('|'),
  'gu',
);
const symbolName = /^(?:\p{L}{1,2}(?:\+\+|#))(?![\p{L}\p{N}#+])/u;
const connectors = new RegExp(connector, 'u');
const holdsDigit = /\p{N}/u;
const camelParts = /\p{Lu}+(?![\p{Ll}\p{M}])|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{Lt}\p{M}]+|\p{Lu}|\p{N}+/gu;

/** The words of a text in order. Costs time in proportion to the text's length. */
export function* chunksOf(text: string): Generator<Chunk> {
  const compatible = compatibleText(text);
  for (const match of compatible.matchAll(chunkPattern)) {
    const { phone, groups, symbol } = match.groups ?? {};
    const [found] = match;
    if (phone !== undefined) yield phoneChunk(found);
    else if (groups !== undefined) yield groupedChunk(found);
    else if (symbol !== undefined) yield { words: [wordOfSymbol(symbol)], whole: null, phone: null };
    else yield runChunk(found, compatible.slice(match.index + found.length, match.index + found.length + 3));
  }
}

function phoneChunk(found: string): Chunk {
  const words = found
    .split(/[^0-9]+/u)
    .filter(Boolean)
    .map(wordOfDigits);
  const digits = found.replace(/[^0-9]/gu, '');
  const isPhone = digits.length >= 7 && digits.length <= 17 && !/^0?[0-9]{1,2}[./-]/u.test(found);
  const written = found.replace(/^\+ ?/u, '');
  const whole =
    words.length > 1 ? { kind: 'identifier' as const, forms: [...new Set([written, digits])] } : null;
  return { words, whole, phone: isPhone ? digits.replace(/^0+/u, '').slice(-PHONE_DIGITS) : null };
}

function groupedChunk(found: string): Chunk {
  const words = found.split(' ').map((group) => wordOf(group));
  return {
    words,
    whole: { kind: 'identifier', forms: [foldLetters(found.replaceAll(' ', ''))] },
    phone: null,
  };
}

function runChunk(found: string, behind: string): Chunk {
  const atoms = found.split(connectors);
  const pieces = atoms.flatMap((atom) => scriptPieces(atom));
  const words = pieces.flatMap((piece) => wordsOfPiece(piece)).filter(({ forms }) => forms[0] !== '');
  const last = atoms.at(-1) ?? '';
  const symbol = symbolName.exec(last + behind);
  if (symbol && last.length <= 2) words.push({ kind: 'code', forms: [foldLetters(symbol[0])], parts: [] });
  return { words, whole: atoms.length > 1 ? wholeOf(found, pieces) : null, phone: null };
}

function wholeOf(found: string, pieces: readonly ScriptPiece[]): Chunk['whole'] {
  if (found.length > MAX_IDENTIFIER || pieces.some(({ writing }) => writing !== 'spaced')) return null;
  const isIdentifier = holdsDigit.test(found) || /[_@.:#=~%\\]/u.test(found);
  if (isIdentifier) return { kind: 'identifier', forms: identifierForms(found) };
  return /^[^/&+]+$/u.test(found) && pieces.length <= 3
    ? { kind: 'joined', forms: formsOf(found.replace(/[-']/gu, '')) }
    : null;
}

/** A version is also known without its `v`. */
function identifierForms(found: string): string[] {
  const forms = formsOf(found);
  const [plain = ''] = forms;
  return /^v[0-9]/u.test(plain) ? [...forms, plain.slice(1)] : forms;
}

function wordsOfPiece({ writing, text }: ScriptPiece): Word[] {
  if (writing === 'ideographic') return [{ kind: 'ideographs', forms: [foldLetters(text)], parts: [] }];
  if (writing === 'unspaced') return [{ kind: 'unspaced', forms: [foldLetters(text)], parts: [] }];
  if (text.length <= MAX_WORD) return /^_+$/u.test(text) ? [] : [wordOf(text)];
  const words: Word[] = [];
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = Math.min(text.length, from + MAX_WORD);
    if (/[\ud800-\udbff]/u.test(text.charAt(to - 1)) && to < text.length) to -= 1;
    words.push({ ...wordOf(text.slice(from, to)), parts: [] });
  }
  return words;
}

function wordOf(text: string): Word {
  const forms = formsOf(text);
  const isCode = /[\p{N}_]/u.test(text);
  const parts = isCode || /\p{Lu}/u.test(text.slice(1)) ? (text.match(camelParts) ?? []) : [];
  return {
    kind: isCode ? 'code' : 'letters',
    forms,
    parts: parts.length > 1 ? parts.map((part) => simpleWord(part)) : [],
  };
}

function simpleWord(text: string): Word {
  return { kind: holdsDigit.test(text) ? 'code' : 'letters', forms: formsOf(text), parts: [] };
}

const wordOfDigits = (text: string): Word => ({ kind: 'code', forms: [text], parts: [] });
const wordOfSymbol = wordOfDigits;

function formsOf(text: string): string[] {
  const plain = foldLetters(text);
  const spelled = spellLetters(text);
  return spelled === null || spelled === plain ? [plain] : [plain, spelled];
}

/** The endings of a phone number's last digits that a number in a search may be. */
export function phoneEndings(phone: string): string[] {
  const endings: string[] = [];
  for (let length = LEAST_PHONE_DIGITS; length <= phone.length; length += 1)
    endings.push(phone.slice(-length));
  return endings;
}
