import { pairsOf } from './segment.ts';
import {
  type Chunk,
  chunksOf,
  isSamePhone,
  nationalForms,
  type Phone,
  phoneEndings,
  type Word,
} from './words.ts';

/** Characters of a piece of a word; parts of this length or longer are found by it. */
const PIECE = 4;
const LEAST_PART = 3;
/** Characters of a word's beginning that shorter queries are found by. */
const BEGINNING = 2;

/** Marks of terms that are no words: pieces, beginnings, endings of phone numbers. No word begins with them. */
const PIECE_MARK = '~';
const BEGINNING_MARK = '^';
const PHONE_MARK = 'tel:';

/** Letters of one UTF-16 unit each. */
const oneUnitLetters = /^[^\ud800-\udfff]*$/;

/** A term of a query; with `isPrefix` it is the beginning of a term. */
export interface PartTerm {
  term: string;
  isPrefix: boolean;
}

/** Words of a query that one another need: a phrase, or one word. */
export interface PartQuery {
  /** It is found where all terms of one alternative are; where `isExact` is false, `holds` has to decide then. */
  alternatives: PartTerm[][];
  /** Whether a text has to be looked at after its terms are found. */
  isExact: boolean;
  /** Whether a text holds the words. */
  holds(words: TextWords): boolean;
  /** All pieces of a word of letters: a misspelt one shares some of them. */
  pieces?: string[];
}

/** What `partTerms` read in a text, to decide whether it holds the words of a query. */
export interface TextWords {
  /** Words of letters, runs of ideographs and of scripts without spaces, in each spelling. */
  readonly runs: readonly string[];
  /** Words with digits, identifiers and names as a whole. */
  readonly codes: ReadonlySet<string>;
  /** Phone numbers, their endings, and how they may be written without their country code. */
  readonly phones: readonly Phone[];
  readonly phoneEndings: ReadonlySet<string>;
  readonly nationalNumbers: ReadonlySet<string>;
  /** All words in order, in each spelling, with a space around words of scripts with spaces. */
  readonly phrases: readonly string[];
}

/**
 * Terms of a text for an index of parts of words: each word in pieces of four letters from every letter on, and its first two
 * letters; runs of Han, kana and Hangul in pairs; words with digits and identifiers whole and by their parts.
 * Each is there once.
 */
export function partTerms(text: string): string[] {
  const terms = new Set<string>();
  for (const chunk of chunksOf(text)) addChunk(terms, chunk);
  return [...terms];
}

/** The words of a text that a query is compared with. */
export function textWords(text: string): TextWords {
  const runs = new Set<string>();
  const codes = new Set<string>();
  const phones: Phone[] = [];
  const add = (word: Word): void => {
    for (const form of word.forms) (word.kind === 'code' ? codes : runs).add(form);
    if (word.kind !== 'code' && word.parts.length > 0) for (const form of word.forms) codes.add(form);
    for (const part of word.parts) add(part);
  };
  const chunks = chunksOf(text);
  for (const chunk of chunks) {
    for (const form of chunk.whole?.forms ?? []) (chunk.whole?.kind === 'joined' ? runs : codes).add(form);
    for (const word of chunk.words) add(word);
    if (chunk.phone !== null) phones.push(chunk.phone);
  }
  return {
    ...{ runs: [...runs], codes, phones, phrases: phrasesOf(chunks) },
    phoneEndings: new Set(phones.flatMap(phoneEndings)),
    nationalNumbers: new Set(phones.flatMap(nationalForms)),
  };
}

/** What a text must hold to hold these words, each of them as a part of a word. Empty where the text holds no word. */
export function partQueries(text: string): PartQuery[] {
  return chunksOf(text).flatMap((chunk) => queriesOfChunk(chunk));
}

/** Words in quotes: they must stand behind one another as they are. Null where the text holds no word. */
export function phraseQuery(text: string): PartQuery | null {
  const chunks = chunksOf(text);
  const queries = chunks.flatMap((chunk) => queriesOfChunk(chunk));
  if (queries.length === 0) return null;
  const wanted = phrasesOf(chunks);
  return {
    alternatives: together(queries),
    isExact: false,
    holds: ({ phrases }) => wanted.some((one) => phrases.some((phrase) => phrase.includes(one))),
  };
}

/** Spaces stand around words that have them in their script: no phrase ends inside of one. */
function phrasesOf(chunks: readonly Chunk[]): string[] {
  const words = chunks.flatMap((chunk) => chunk.words);
  const join = (spelling: number): string =>
    words
      .map(({ kind, forms }) => {
        const form = forms[spelling] ?? forms[0] ?? '';
        return kind === 'ideographs' || kind === 'unspaced' ? form : ` ${form} `;
      })
      .join('')
      .replaceAll('  ', ' ');
  const isSpelled = words.some(({ forms }) => forms.length > 1);
  return isSpelled ? [join(0), join(1)] : [join(0)];
}

function addChunk(terms: Set<string>, chunk: Chunk): void {
  if (chunk.whole?.kind === 'identifier') for (const form of chunk.whole.forms) terms.add(form);
  if (chunk.whole?.kind === 'joined') for (const form of chunk.whole.forms) addPieces(terms, form);
  for (const word of chunk.words) addWord(terms, word);
  if (chunk.phone === null) return;
  for (const ending of phoneEndings(chunk.phone)) terms.add(PHONE_MARK + ending);
  for (const form of nationalForms(chunk.phone)) terms.add(form);
}

function addWord(terms: Set<string>, word: Word): void {
  for (const form of word.forms) {
    if (word.kind === 'ideographs') for (const pair of pairsOf(form)) terms.add(pair);
    else if (word.kind === 'code') terms.add(form);
    else addPieces(terms, form);
  }
  // A compound of letters, such as camelCase, is a word of letters; its parts are parts of it.
  if (word.kind === 'code') for (const part of word.parts) addWord(terms, part);
  else for (const part of word.parts) for (const form of part.forms) addBeginning(terms, form);
}

function addPieces(terms: Set<string>, form: string): void {
  addBeginning(terms, form);
  if (oneUnitLetters.test(form)) {
    for (let at = 0; at + LEAST_PART <= form.length; at += 1)
      terms.add(PIECE_MARK + form.slice(at, at + PIECE));
    return;
  }
  const letters = [...form];
  for (let at = 0; at + LEAST_PART <= letters.length; at += 1)
    terms.add(PIECE_MARK + letters.slice(at, at + PIECE).join(''));
}

function addBeginning(terms: Set<string>, form: string): void {
  const beginning = oneUnitLetters.test(form)
    ? form.slice(0, BEGINNING)
    : [...form].slice(0, BEGINNING).join('');
  terms.add(BEGINNING_MARK + beginning);
}

function queriesOfChunk(chunk: Chunk): PartQuery[] {
  const perWord = chunk.words.map((word) => queryOfWord(word));
  const { whole } = chunk;
  const phone = phoneQuery(chunk);
  if (!whole && phone === null) return perWord;
  const wholeTerms = (whole?.forms ?? []).map((form) =>
    whole?.kind === 'joined' ? pieceTerms(form) : [{ term: form, isPrefix: false }],
  );
  const isIdentifier = whole?.kind === 'identifier';
  return [
    {
      alternatives: [
        ...wholeTerms,
        ...(phone?.terms ?? []).map((term) => [{ term, isPrefix: false }]),
        ...together(perWord),
      ],
      isExact: false,
      holds: (words) =>
        (phone !== null && phone.holds(words)) ||
        (whole !== null && whole.forms.some((form) => holdsWhole(words, form, isIdentifier))) ||
        (!isIdentifier && perWord.every((query) => query.holds(words))),
    },
  ];
}

/** An identifier is held by one that it is a part of between connectors: `4711-0815` by `AB/4711-0815`, never by `14711-0815`. */
function holdsWhole(
  { runs, codes, nationalNumbers }: TextWords,
  form: string,
  isIdentifier: boolean,
): boolean {
  if (!isIdentifier) return runs.some((run) => run.includes(form));
  if (codes.has(form) || nationalNumbers.has(form)) return true;
  for (const code of codes) if (isBoundedPart(code, form)) return true;
  return false;
}

const inWord = /[\p{L}\p{M}\p{N}]/u;
/** What stands beside an e-mail address in a longer identifier: of `mailto:a@b.example`, not of `x.a@b.example`. */
const inAddress = /[^:/=&]/u;

function isBoundedPart(code: string, form: string): boolean {
  const inner = form.includes('@') ? inAddress : inWord;
  for (let at = code.indexOf(form); at !== -1; at = code.indexOf(form, at + 1))
    if (!inner.test(code.charAt(at - 1)) && !inner.test(code.charAt(at + form.length))) return true;
  return false;
}

/** A phone number of a query, or digits that may be the end of one: any of the terms is needed. */
function phoneQuery({ phone, words }: Chunk): { terms: string[]; holds(words: TextWords): boolean } | null {
  if (phone !== null) {
    const forms = nationalForms(phone);
    return {
      terms: [
        ...phoneEndings(phone)
          .slice(-1)
          .map((ending) => PHONE_MARK + ending),
        ...forms,
      ],
      holds: ({ phones, codes }) =>
        phones.some((one) => isSamePhone(one, phone)) || forms.some((form) => codes.has(form)),
    };
  }
  const digits = words.length === 1 ? (words[0]?.forms[0] ?? '') : '';
  if (!/^[0-9]{6,9}$/u.test(digits)) return null;
  return { terms: [PHONE_MARK + digits], holds: ({ phoneEndings: endings }) => endings.has(digits) };
}

function queryOfWord(word: Word): PartQuery {
  if (word.kind === 'code') return codeQuery(word);
  const alternatives = word.forms.map((form) =>
    word.kind === 'ideographs' ? pairTerms(form) : pieceTerms(form),
  );
  const isShort = (form: string): boolean => word.kind !== 'ideographs' && [...form].length < LEAST_PART;
  const pieces = new Set<string>();
  if (word.kind === 'letters') addPieces(pieces, word.forms[0] ?? '');
  return {
    alternatives,
    pieces: [...pieces].filter((term) => term.startsWith(PIECE_MARK)),
    // One term says it all: a pair, a piece, a beginning.
    isExact: alternatives.every((terms) => terms.length <= 1),
    holds: ({ runs }) =>
      word.forms.some((form) =>
        runs.some((run) => (isShort(form) ? run.startsWith(form) : run.includes(form))),
      ),
  };
}

function codeQuery({ forms }: Word): PartQuery {
  return {
    alternatives: forms.map((term) => [{ term, isPrefix: false }]),
    isExact: true,
    holds: ({ codes, nationalNumbers }) => forms.some((form) => codes.has(form) || nationalNumbers.has(form)),
  };
}

function pairTerms(form: string): PartTerm[] {
  const pairs = pairsOf(form);
  // The last character alone is a term of its own only where a run ends.
  return pairs.length === 1
    ? [{ term: form, isPrefix: true }]
    : pairs.slice(0, -1).map((term) => ({ term, isPrefix: false }));
}

/** Pieces that cover a word: every fourth, and the last. */
function pieceTerms(form: string): PartTerm[] {
  const letters = [...form];
  if (letters.length < LEAST_PART)
    return [{ term: BEGINNING_MARK + form, isPrefix: letters.length < BEGINNING }];
  if (letters.length === LEAST_PART) return [{ term: PIECE_MARK + form, isPrefix: true }];
  const starts = new Set<number>();
  for (let at = 0; at + PIECE <= letters.length; at += 2) starts.add(at);
  starts.add(letters.length - PIECE);
  return [...starts].map((at) => ({
    term: PIECE_MARK + letters.slice(at, at + PIECE).join(''),
    isPrefix: false,
  }));
}

/** One alternative for each choice of an alternative per word; two spellings of many words stay two. */
function together(queries: readonly PartQuery[]): PartTerm[][] {
  const count = Math.max(1, ...queries.map(({ alternatives }) => alternatives.length));
  return Array.from({ length: count }, (_, index) =>
    queries.flatMap(({ alternatives }) => alternatives[Math.min(index, alternatives.length - 1)] ?? []),
  ).filter((terms) => terms.length > 0);
}
