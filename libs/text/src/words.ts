import { compatibleText, foldLetters, spellLetters } from './normalise.ts';
import { isWrittenUnspaced, type ScriptPiece, scriptPieces } from './scripts.ts';

/** Longer words are kept in pieces of this many UTF-16 units. */
export const MAX_WORD = 64;

/** Longer runs of words and connectors are no identifiers: their parts are kept alone. */
const MAX_IDENTIFIER = 200;

/** Digits at the end of a phone number that numbers of most countries share, however they are dialled. */
const PHONE_DIGITS = 9;
const LEAST_PHONE_DIGITS = 6;

/** A country code has one to three digits. */
const COUNTRY_CODES = [1, 2, 3];

/** Shorter numbers with hyphens are ranges and scores. */
const LEAST_GROUPED = 7;

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
  phone: Phone | null;
}

/** A phone number as it was written. */
export interface Phone {
  /** With the country code where it is international, without the zero before an area code. */
  digits: string;
  isInternational: boolean;
}

/** A phone number: it begins with +, 0 or an area code in brackets. Letters of scripts without spaces may follow at once. */
const phoneNumber =
  /(?:\+ ?\(?[1-9]|\(0|0[0-9]|\([2-9][0-9]{2}\)(?= ?[0-9]{3}[ .-]?[0-9]{4}(?![0-9])))[0-9]{0,20}(?:[ ()/.-]{1,3}[0-9]{1,20}){0,7}(?![-./:@+#&_]?(?!\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Khmer}|\p{Script=Myanmar})[\p{L}\p{M}\p{N}_])/uy;
/** `24.12.2026`, and no more numbers of its kind: `06.12.34.56.78` is a phone number. */
const startsWithDate = /^[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{2,4}(?![./-]?[0-9])/u;
/** An IBAN, or the number of a card, in groups of four. */
const groupedNumber =
  /(?:[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?|[0-9]{4}(?: [0-9]{4}){2,4})(?![\p{L}\p{M}\p{N}_])/uy;
/** A flag, an emoji without its skin tone, the sign of a currency. */
const symbolPattern = /\p{Regional_Indicator}{2}|\p{Extended_Pictographic}|\p{Sc}/uy;
const wordCharacter = /^[\p{L}\p{M}\p{N}_]$/u;
const symbolCharacter = /^(?:\p{Regional_Indicator}|\p{Extended_Pictographic}|\p{Sc})$/u;
const connectors = /:\/\/|::|[-./:@+#&'=~%\\]/u;
const plainWord = /^[A-Za-z]?[a-z]+$/;
const symbolName = /(?:^|[^\p{L}\p{M}\p{N}_])(?<name>\p{L}(?:\+\+|#))(?![\p{L}\p{N}#+])/u;
const holdsDigit = /\p{N}/u;
const camelParts = /\p{Lu}+(?![\p{Ll}\p{M}])|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{Lt}\p{M}]+|\p{Lu}|\p{N}+/gu;

/** The words of a text in order. Costs time in proportion to the text's length. */
export function chunksOf(text: string): Chunk[] {
  const compatible = compatibleText(text);
  const chunks: Chunk[] = [];
  for (let at = 0; at < compatible.length; ) {
    const kind = kindAt(compatible, at);
    const first = compatible.charCodeAt(at);
    const special =
      isWord(kind) || first === PLUS || first === BRACKET ? specialAt(compatible, at, first) : null;
    if (special) {
      chunks.push(special.chunk);
      at += special.length;
    } else if (isWord(kind)) {
      const end = runEnd(compatible, at);
      chunks.push(runChunk(compatible.slice(at, end), compatible, end));
      at = end;
    } else if (kind === SYMBOL) {
      const symbol = matchAt(symbolPattern, compatible, at);
      if (symbol !== undefined) chunks.push({ words: [wordOfSymbol(symbol)], whole: null, phone: null });
      at += symbol?.length ?? lengthAt(compatible, at);
    } else {
      at += lengthAt(compatible, at);
    }
  }
  return chunks;
}

const OTHER = 1;
const WORD = 2;
const SYMBOL = 3;
/** Letters of scripts without spaces. */
const DENSE = 4;
const MARK = 5;
const isWord = (kind: number): boolean => kind === WORD || kind === DENSE || kind === MARK;
const PLUS = 0x2b;
const BRACKET = 0x28;
const COLON = 0x3a;
const ZERO = 0x30;
const kinds = new Uint8Array(0x11_0000);

function lengthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Whether the character at an index belongs to a word, is a symbol that is a word of its own, or neither. */
function kindAt(text: string, at: number): number {
  const point = text.codePointAt(at) ?? 0;
  const known = kinds[point] ?? 0;
  if (known !== 0) return known;
  const character = String.fromCodePoint(point);
  const kind = lookUpKind(character);
  kinds[point] = kind;
  return kind;
}

function lookUpKind(character: string): number {
  if (!wordCharacter.test(character)) return symbolCharacter.test(character) ? SYMBOL : OTHER;
  if (isWrittenUnspaced(character)) return DENSE;
  return /^\p{M}$/u.test(character) ? MARK : WORD;
}

/**
 * Where words with a connector between them end: behind `4711-0815`, before the dot of a sentence, and where letters of a
 * script without spaces begin or end, so that the number in `订单AB-4711号` is whole.
 */
function runEnd(text: string, from: number): number {
  let at = from;
  let run = MARK;
  for (;;) {
    for (let kind = kindAt(text, at); at < text.length && isWord(kind); kind = kindAt(text, at)) {
      if (kind !== MARK && run !== MARK && kind !== run) return at;
      if (kind !== MARK) run = kind;
      at += lengthAt(text, at);
    }
    const connector = connectorLength(text, at);
    if (connector === 0 || at + connector >= text.length || kindAt(text, at + connector) !== run) return at;
    at += connector;
  }
}

function connectorLength(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit === COLON) return text.startsWith('://', at) ? 3 : text.startsWith('::', at) ? 2 : 1;
  return "-./@+#&'=~%\\".includes(text.charAt(at)) && at < text.length ? 1 : 0;
}

/** A number that is written with spaces. */
function specialAt(text: string, at: number, first: number): { chunk: Chunk; length: number } | null {
  if (at > 0 && kindAt(text, at - 1) === WORD) return null;
  if (first === PLUS || first === BRACKET || first === ZERO) {
    const phone = matchAt(phoneNumber, text, at);
    if (phone !== undefined) return { chunk: phoneChunk(phone), length: phone.length };
  }
  const isCountry = isCapital(first) && isCapital(text.charCodeAt(at + 1));
  const groups = isCountry || isDigit(first) ? matchAt(groupedNumber, text, at) : undefined;
  return groups === undefined ? null : { chunk: groupedChunk(groups), length: groups.length };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const isDigit = (unit: number): boolean => unit >= ZERO && unit <= 0x39;
const isCapital = (unit: number): boolean => unit >= 0x41 && unit <= 0x5a;

function phoneChunk(found: string): Chunk {
  const words = found
    .split(/[^0-9]+/u)
    .filter(Boolean)
    .map(wordOfDigits);
  const digits = found.replace(/[^0-9]/gu, '');
  const isPhone = digits.length >= 7 && digits.length <= 17 && !startsWithDate.test(found);
  const written = found.replace(/^\+ ?/u, '');
  const whole =
    words.length > 1 ? { kind: 'identifier' as const, forms: [...new Set([written, digits])] } : null;
  return { words, whole, phone: isPhone ? phoneOf(found) : null };
}

function phoneOf(found: string): Phone {
  const digits = found.replace(/\(0\)|[^0-9]/gu, '');
  return { digits: digits.replace(/^0+/u, ''), isInternational: /^(?:\+|00)/u.test(found) };
}

function groupedChunk(found: string): Chunk {
  const words = found.split(' ').map((group) => wordOf(group));
  return {
    words,
    whole: { kind: 'identifier', forms: [foldLetters(found.replaceAll(' ', ''))] },
    phone: null,
  };
}

function runChunk(found: string, text: string, end: number): Chunk {
  const symbol = nameWithSymbol(found, text, end);
  if (found.length <= MAX_WORD && plainWord.test(found) && !symbol)
    return {
      words: [{ kind: 'letters', forms: [found.toLowerCase()], parts: [] }],
      whole: null,
      phone: null,
    };
  const atoms = found.split(connectors);
  const pieces = atoms.flatMap((atom) => scriptPieces(atom));
  const words = pieces.flatMap((piece) => wordsOfPiece(piece)).filter(({ forms }) => forms[0] !== '');
  if (symbol) words.push({ kind: 'code', forms: [symbol], parts: [] });
  return { words, whole: atoms.length > 1 ? wholeOf(found, pieces) : null, phone: null };
}

/** `c++` or `c#` where the last word of a run is such a name. */
function nameWithSymbol(found: string, text: string, end: number): string | null {
  const next = text.charAt(end);
  if (next !== '+' && next !== '#') return null;
  const name = symbolName.exec(text.slice(Math.max(0, end - 3), end + 3));
  return name?.groups?.name && found.length >= 1 ? foldLetters(name.groups.name) : null;
}

function wholeOf(found: string, pieces: readonly ScriptPiece[]): Chunk['whole'] {
  if (found.length > MAX_IDENTIFIER || pieces.some(({ writing }) => writing !== 'spaced')) return null;
  const isIdentifier = holdsDigit.test(found) || /[_@.:#=~%\\]/u.test(found);
  if (isIdentifier) return { kind: 'identifier', forms: identifierForms(found) };
  return /^[^/&+]+$/u.test(found) && pieces.length <= 3
    ? { kind: 'joined', forms: formsOf(found.replace(/[-']/gu, '')) }
    : null;
}

/** A version is also known without its `v`, a long number without its hyphens. */
function identifierForms(found: string): string[] {
  const forms = formsOf(found);
  const [plain = ''] = forms;
  if (/^v[0-9]/u.test(plain)) return [...forms, plain.slice(1)];
  const digits = plain.replaceAll('-', '');
  return /^[0-9-]+x?$/u.test(plain) && digits.length >= LEAST_GROUPED ? [...forms, digits] : forms;
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
export function phoneEndings({ digits }: Phone): string[] {
  const phone = digits.slice(-PHONE_DIGITS);
  const endings: string[] = [];
  for (let length = LEAST_PHONE_DIGITS; length <= phone.length; length += 1)
    endings.push(phone.slice(-length));
  return endings;
}

/** An international number as it may be written without its country code, which may have one to three digits. */
export function nationalForms({ digits, isInternational }: Phone): string[] {
  const forms = isInternational ? COUNTRY_CODES.map((length) => digits.slice(length)) : [];
  return forms.filter((form) => form.length > LEAST_PHONE_DIGITS && !form.startsWith('0'));
}

/** Whether two numbers may be the same: one of them may lack its country code. */
export function isSamePhone(one: Phone, other: Phone): boolean {
  if (one.digits === other.digits) return true;
  return nationalOf(one, other) || nationalOf(other, one);
}

function nationalOf(whole: Phone, part: Phone): boolean {
  return !part.isInternational && nationalForms(whole).includes(part.digits);
}
