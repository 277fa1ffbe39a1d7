import { foldForSearch, segment, segmenterVersion, type Term } from '@parley/text';

/**
 * The form of the index. Changes whenever a text is cut into other lexemes than before: documents of an earlier version
 * are segmented again.
 */
export const SEGMENTER_VERSION = segmenterVersion;

/** What stands at one place of a text; a word's other spellings stand at its place. */
export interface Token {
  place: number;
  form: string;
  /** A word that a stemmer may shorten; a number or the like; a pair of characters of a script without spaces. */
  kind: 'word' | 'code' | 'pair';
  /** Another spelling of the word at its place: `rueckgabe`, or `email` for `E-Mail`. */
  isSpelling: boolean;
}

/** Longer names are no names. */
const MAX_NAME = 80;

const letters = /^[\p{L}\p{M}]+$/u;
const syllable = /^[\p{Script=Han}\p{Script=Hangul}]/u;
const PHONE_MARK = 'tel:';

/** The tokens of a text in order. Names are in their parts; Han and Hangul are also found by one character. */
export function* tokensOf(text: string): Generator<Token> {
  let isLetters = false;
  const terms = segment(text);
  for (const [index, term] of terms.entries()) {
    const { term: form, position: place, kind } = term;
    if (kind === 'pair') {
      yield* tokensOfPair(form, place);
      continue;
    }
    const isSkipped = isLeftOut(term, { isLetters, next: terms[index + 1] });
    if (kind === 'word' || kind === 'identifier') isLetters = kind === 'identifier' && letters.test(form);
    if (isSkipped) continue;
    yield { place, form, kind: letters.test(form) ? 'word' : 'code', isSpelling: kind === 'spelling' };
  }
}

/** What stands around a term: whether it is part of a word such as `PostgreSQL`, which is no name, and the next term. */
interface Surroundings {
  isLetters: boolean;
  next: Term | undefined;
}

/** Names as a whole, parts of words, endings of phone numbers, and joined spellings are no tokens. */
function isLeftOut({ term: form, position: place, kind }: Term, { isLetters, next }: Surroundings): boolean {
  if (kind === 'identifier') return !letters.test(form);
  if (kind === 'part') return isLetters || form.startsWith(PHONE_MARK);
  return kind === 'spelling' && isJoined(form, place, next);
}

/** A prefix of this length is no word of its own: `E-Mail` is also `email`. */
const MAX_PREFIX = 2;

/** Whether a spelling joins words that are found by themselves: `textbased` of `text-based`. */
function isJoined(form: string, place: number, next: Term | undefined): boolean {
  return (
    next !== undefined &&
    next.position === place &&
    next.term.length > MAX_PREFIX &&
    next.term.length < form.length &&
    form.startsWith(next.term)
  );
}

function* tokensOfPair(form: string, place: number): Generator<Token> {
  yield { place, form, kind: 'pair', isSpelling: false };
  const [first = ''] = form;
  if (first !== form && syllable.test(first)) yield { place, form: first, kind: 'pair', isSpelling: true };
}

/** How many places a text has. */
export function countPlaces(text: string): number {
  return placesIn(segment(text));
}

function placesIn(terms: readonly Term[]): number {
  return terms.reduce((last, { position }) => Math.max(last, position), 0);
}

/** Names that are kept whole beside their parts: `shared_buffers`, `server.crt`, `CVE-2026-31337`, `count()`, a phone number. */
export function namesOf(text: string): string[] {
  return namesIn(text, segment(text));
}

/** How many places a text has, and its names. */
export function placesAndNames(text: string): { places: number; names: string[] } {
  const terms = segment(text);
  return { places: placesIn(terms), names: namesIn(text, terms) };
}

function namesIn(text: string, terms: readonly Term[]): string[] {
  const names = callsOf(text);
  for (const { term, kind } of terms)
    if (kind === 'identifier' ? !letters.test(term) : term.startsWith(PHONE_MARK)) names.push(term);
  return names.filter((name) => name.length <= MAX_NAME && !/['\\\s]/u.test(name));
}

/** Names of a question: of a phone number's endings the longest alone. */
export function namesAsked(text: string): string[] {
  const names = [...new Set(namesOf(text))];
  const isEnding = (name: string): boolean =>
    name.startsWith(PHONE_MARK) &&
    names.some(
      (other) =>
        other !== name && other.startsWith(PHONE_MARK) && other.endsWith(name.slice(PHONE_MARK.length)),
    );
  return names.filter((name) => !isEnding(name));
}

/** `count(…)` is a name of its own. Every pattern takes a whole run at once, so that a text costs its length. */
function callsOf(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}_]+\(?/gu) ?? [])
    .filter((run) => run.endsWith('('))
    .map((run) => run.slice(0, -1).replace(/^[\p{N}_]+/u, ''))
    .filter((name) => name.length > 1 && /\p{L}{2}/u.test(name))
    .map((name) => `${name}()`);
}

/** The words of a text in order, folded, each in its first spelling; ideographs in pairs. */
export function wordsOf(text: string): string[] {
  return [...tokensOf(text)].filter(({ isSpelling }) => !isSpelling).map(({ form }) => form);
}

/** Words of letters in all their spellings: what stemmers are asked for. */
export function lettersOf(text: string): string[] {
  return [...tokensOf(text)].filter((token) => token.kind === 'word').map((token) => token.form);
}

/** A word as the index folds it. */
export const foldWord = (word: string): string => foldForSearch(word);

const ideographs = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30fc\u3005]+/gu;

/** Runs of Han, kana and Hangul of a text, folded. */
export function ideographRuns(text: string): string[] {
  return foldForSearch(text).match(ideographs) ?? [];
}

/** Whether a text is written in Han, kana or Hangul, at least in part. */
export function holdsIdeographs(text: string): boolean {
  return text.search(ideographs) !== -1;
}
