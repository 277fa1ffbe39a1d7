import { characterBoundary } from './cut.ts';
import { type Chunk, chunksOf, MAX_WORD, nationalForms, phoneEndings, type Word } from './words.ts';

/**
 * Changes whenever `segment` or `partTerms` answers other terms for some text. What is stored with another version is
 * segmented again.
 */
export const segmenterVersion = 2;

export interface Term {
  /** Folded; at most 255 bytes of UTF-8, except identifiers, which have at most 800. */
  term: string;
  /** Which word of the text it is, from 1 on. A word's other spelling and a whole identifier share a position with their first part. */
  position: number;
  /** `word`: as written. `spelling`: ü as ue, `email` for `E-Mail`. `identifier`: a whole. `part`: of an identifier or compound. `pair`: two characters, or the last one, of a script without spaces. */
  kind: 'word' | 'spelling' | 'identifier' | 'part' | 'pair';
}

/** A word of a query. It is found where all terms of one alternative are. */
export interface QueryTerm {
  /** The word as it was typed, folded. */
  text: string;
  alternatives: string[][];
  /** Whether the terms are the beginnings of terms: of a query of one letter, and of one ideograph or syllable. */
  isPrefix: boolean;
}

/**
 * The terms of a text for an index of words, in order. Words follow the boundaries of UAX #29 in principle, with these differences:
 * identifiers are kept whole and in parts, runs of Han, kana and Hangul are pairs of characters and a last single one,
 * Thai, Lao, Khmer and Myanmar are split by the dictionary of `Intl.Segmenter`. Time and space grow with the text's length.
 */
export function segment(text: string): Term[] {
  const terms: Term[] = [];
  let position = 1;
  for (const chunk of chunksOf(text)) {
    const first = position;
    if (chunk.whole) {
      const kind = chunk.whole.kind === 'identifier' ? 'identifier' : 'spelling';
      for (const term of chunk.whole.forms) terms.push({ term, position: first, kind });
    }
    for (const word of chunk.words) position = pushWord(terms, word, position);
    if (chunk.phone !== null) {
      for (const term of nationalForms(chunk.phone)) terms.push({ term, position: first, kind: 'spelling' });
      for (const ending of phoneEndings(chunk.phone))
        terms.push({ term: phoneTerm(ending), position: first, kind: 'part' });
    }
  }
  return terms;
}

/** The words of a query, for an index of `segment`. Words that a text must hold all; their order does not count. */
export function queryTerms(text: string): QueryTerm[] {
  const chunks = chunksOf(text);
  const isOneLetter = chunks.length === 1 && isSingle(chunks[0]?.words);
  return chunks.flatMap((chunk) => queriesOfChunk(chunk, isOneLetter));
}

/** Reads a text once; the function it answers tells whether the text holds all words of a phrase, in any order and spelling. */
export function wordMatcher(text: string): (phrase: string) => boolean {
  const terms = new Set(segment(text).map(({ term }) => term));
  const begins = new Set([...terms].map((term) => String.fromCodePoint(term.codePointAt(0) ?? 0)));
  const isThere = (term: string, isPrefix: boolean): boolean =>
    terms.has(term) || (isPrefix && ideograph.test(term) && begins.has(term));
  return (phrase) => {
    const words = queryTerms(phrase);
    return (
      words.length > 0 &&
      words.every(({ alternatives, isPrefix }) =>
        alternatives.some((all) => all.every((term) => isThere(term, isPrefix))),
      )
    );
  };
}

const ideograph = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]$/u;

function queriesOfChunk(chunk: Chunk, isOneLetter: boolean): QueryTerm[] {
  const perWord = chunk.words.map((word) => queryOfWord(word, isOneLetter));
  const wholes = (chunk.whole?.forms ?? []).map((form) => [form]);
  const phones = phoneQueries(chunk).map((term) => [term]);
  if (wholes.length === 0 && phones.length === 0) return perWord;
  const together = combine(perWord.map(({ alternatives }) => alternatives));
  const text = chunk.whole?.forms[0] ?? perWord.map((one) => one.text).join(' ');
  return [{ text, alternatives: [...wholes, ...phones, ...together], isPrefix: false }];
}

/** A number of a query may be the end of a phone number. */
function phoneQueries(chunk: Chunk): string[] {
  if (chunk.phone !== null)
    return [...phoneEndings(chunk.phone).slice(-1).map(phoneTerm), ...nationalForms(chunk.phone)];
  const [word] = chunk.words;
  const digits = chunk.words.length === 1 ? (word?.forms[0] ?? '') : '';
  return /^[0-9]{6,9}$/u.test(digits) ? [phoneTerm(digits)] : [];
}

function queryOfWord(word: Word, isOneLetter: boolean): QueryTerm {
  const [text = ''] = word.forms;
  const single = [...text].length === 1;
  if (word.kind === 'ideographs') {
    const pairs = pairsOf(text);
    // The last character alone is a term of its own only where a run ends.
    return { text, alternatives: [single ? [text] : pairs.slice(0, -1)], isPrefix: single };
  }
  if (word.kind === 'unspaced') return { text, alternatives: [dictionaryWords(text)], isPrefix: single };
  return { text, alternatives: word.forms.map((form) => [form]), isPrefix: single && isOneLetter };
}

function isSingle(words: readonly Word[] = []): boolean {
  return words.length === 1 && [...(words[0]?.forms[0] ?? '')].length === 1;
}

/** One alternative for each choice of an alternative per word; two spellings of many words stay two. */
function combine(words: readonly (readonly string[][])[]): string[][] {
  const count = Math.max(1, ...words.map((alternatives) => alternatives.length));
  return Array.from({ length: count }, (_, index) =>
    words.flatMap((alternatives) => alternatives[Math.min(index, alternatives.length - 1)] ?? []),
  ).filter((terms) => terms.length > 0);
}

function pushWord(terms: Term[], word: Word, position: number): number {
  const [plain = '', ...spellings] = word.forms;
  if (word.kind === 'ideographs') {
    const pairs = pairsOf(plain);
    pairs.forEach((term, index) => {
      terms.push({ term, position: position + index, kind: 'pair' });
    });
    return position + pairs.length;
  }
  if (word.kind === 'unspaced') {
    const words = dictionaryWords(plain);
    words.forEach((term, index) => {
      terms.push({ term, position: position + index, kind: 'word' });
    });
    return position + words.length;
  }
  terms.push({ term: plain, position, kind: word.parts.length > 0 ? 'identifier' : 'word' });
  for (const term of spellings) terms.push({ term, position, kind: 'spelling' });
  word.parts.forEach(({ forms }, index) => {
    for (const term of forms) terms.push({ term, position: position + index, kind: 'part' });
  });
  return position + Math.max(1, word.parts.length);
}

/** Each character with the next one, then the last one alone: `東京都` is `東京`, `京都`, `都`. */
export function pairsOf(run: string): string[] {
  const characters = charactersOf(run);
  return characters.map((character, index) => character + (characters[index + 1] ?? ''));
}

/** Code points with the marks behind them, such as a voicing mark that did not compose. */
function charactersOf(run: string): string[] {
  return run.match(/\P{M}\p{M}{0,4}|\p{M}{1,4}/gu) ?? [];
}

/** Signs of Thai, Lao and Khmer behind a word that is shortened or repeated. */
const abbreviated = /[\u0e2f\u0e46\u0eaf\u0ec6\u17d7]+$/u;
const dictionary = new Intl.Segmenter('th', { granularity: 'word' });
/** The dictionary reads a run in portions of this size, so that a text without any space costs its length. */
const PORTION = 2000;

function dictionaryWords(run: string): string[] {
  const words: string[] = [];
  for (let from = 0; from < run.length; ) {
    const end = Math.max(characterBoundary(run, from + PORTION), from + 1);
    for (const { segment: found } of dictionary.segment(run.slice(from, end))) {
      const word = found.replace(abbreviated, '');
      for (let at = 0; at < word.length; at += MAX_WORD) words.push(word.slice(at, at + MAX_WORD));
    }
    from = end;
  }
  return words;
}

/** Endings of phone numbers meet one another alone: no other number ends in them. */
function phoneTerm(ending: string): string {
  return `tel:${ending}`;
}
