import {
  anyAll,
  type PartQuery,
  type PartTerm,
  partQueries,
  phraseQuery,
  quoted,
  type TextWords,
  textWords,
} from '@parley/text';

/** What a search is asked for, read. */
export interface SearchQuery {
  /** The text of a `tsquery` with the words and the filters; null where nothing has to be there. */
  terms: string | null;
  /** What the index is asked by: the text of a `tsquery` each, all of which are needed, without beginnings where it can be. */
  keys: string[];
  /** Whether the words mean something; a query of signs alone finds nothing. */
  hasWords: boolean;
  /** Whether a message that has the terms must still be compared. */
  isExact: boolean;
  /** Whether a message's text holds the words, and none of those that it must not hold. */
  holds(text: string): boolean;
  /** Pieces of words that a misspelt word shares with the right one; null where no word is long enough. */
  fuzzy: FuzzyTerms | null;
}

/** For each piece the number of its word, and for each word, from 1 on, how many of its pieces are needed. */
export interface FuzzyTerms {
  /** The text of a `tsquery` that each candidate meets. */
  terms: string;
  pieces: string[];
  words: number[];
  needs: number[];
}

/** Words must hold one of a group's queries each. */
type Group = PartQuery[][];

/** Words of this many pieces, and so six letters, may be misspelt. */
const LEAST_PIECES = 4;
const SHARED_PIECES = 0.5;

const tokenPattern = /-?"[^"]*"|\S+/gu;

/**
 * Reads what was typed: words that must all be there, `"words in quotes"` behind one another, `-word` for what must not be there,
 * `OR` between words of which one suffices.
 */
export function readQuery(typed: string, filters: readonly string[]): SearchQuery {
  const { groups, without } = readGroups(typed);
  const alternatives = groups.map((group) => group.map((queries) => merge(queries)).flat());
  const filterTerms = filters.map((filter) => quoted(filter)).join(' & ');
  const words = anyAll(alternatives);
  const terms = [words ?? '', filterTerms].filter(Boolean).join(' & ');
  const keys = [...keysOf(alternatives), ...filters.map((filter) => quoted(filter))];
  const isExact =
    without.length === 0 &&
    groups.every((group) => group.every((queries) => queries.every((query) => query.isExact)));
  return {
    terms: terms === '' ? null : terms,
    keys: keys.length > 0 || terms === '' ? keys : [terms],
    hasWords: groups.length > 0 || without.length > 0,
    isExact,
    holds: (text) => holds(textWords(text), groups, without),
    fuzzy: without.length > 0 || /"| OR /u.test(typed) ? null : fuzzyTerms(typed, filterTerms),
  };
}

/** Of a group with one alternative each term, of others all alternatives; none of a group that one beginning suffices for. */
function keysOf(alternatives: readonly PartTerm[][][]): string[] {
  const whole = alternatives.map((group) => group.map((all) => all.filter(({ isPrefix }) => !isPrefix)));
  const keys = whole.flatMap((group) => {
    const [only = []] = group;
    if (group.length === 1) return only.map(({ term }) => quoted(term));
    return group.every((all) => all.length > 0) ? [anyAll([group]) ?? ''] : [];
  });
  return [...new Set(keys)];
}

function readGroups(typed: string): { groups: Group[]; without: PartQuery[] } {
  const groups: Group[] = [];
  const without: PartQuery[] = [];
  let joins = false;
  for (const [token] of wholeNumbers(typed).matchAll(tokenPattern)) {
    if (token === 'OR' && groups.length > 0) {
      joins = true;
      continue;
    }
    const { isWithout, queries } = readToken(token);
    const last = joins ? groups.at(-1) : undefined;
    if (queries.length === 0) continue;
    if (isWithout) without.push(...queries);
    else if (last) last.push(queries);
    else groups.push([queries]);
    joins = false;
  }
  return { groups, without };
}

/** What must not be there is a whole word, as what stands in quotes. */
function readToken(token: string): { isWithout: boolean; queries: PartQuery[] } {
  const isWithout = token.length > 1 && token.startsWith('-');
  const word = isWithout ? token.slice(1) : token;
  const isPhrase = word.length > 1 && word.startsWith('"') && word.endsWith('"');
  if (!isWithout && !isPhrase) return { isWithout, queries: partQueries(word.replaceAll('\u0000', ' ')) };
  const phrase = phraseQuery(word);
  return { isWithout, queries: phrase ? [phrase] : [] };
}

/** Numbers that are written with spaces, such as those of telephones and accounts, stay one token. */
function wholeNumbers(typed: string): string {
  return /["\u0000]/u.test(typed)
    ? typed.replaceAll('\u0000', ' ')
    : typed.replace(/(?<=[0-9)]) (?=[(0-9])/gu, '\u0000');
}

/** The words of one token need one another: each alternative of the first with one of the others. */
function merge(queries: readonly PartQuery[]): PartQuery['alternatives'] {
  const count = Math.max(...queries.map(({ alternatives }) => alternatives.length));
  return Array.from({ length: count }, (_, index) =>
    queries.flatMap(({ alternatives }) => alternatives[Math.min(index, alternatives.length - 1)] ?? []),
  );
}

function holds(words: TextWords, groups: readonly Group[], without: readonly PartQuery[]): boolean {
  return (
    groups.every((group) => group.some((queries) => queries.every((query) => query.holds(words)))) &&
    !without.some((query) => query.holds(words))
  );
}

function fuzzyTerms(typed: string, filterTerms: string): FuzzyTerms | null {
  const pieces: string[] = [];
  const words: number[] = [];
  const needs: number[] = [];
  const required: string[] = [];
  for (const query of partQueries(typed)) {
    const [alternative = []] = query.alternatives;
    const all = query.pieces ?? [];
    if (all.length < LEAST_PIECES) {
      required.push(anyAll([[alternative]]) ?? '');
      continue;
    }
    needs.push(Math.ceil(all.length * SHARED_PIECES));
    for (const piece of all) {
      pieces.push(quoted(piece));
      words.push(needs.length);
    }
    required.push(`(${all.map((piece) => quoted(piece)).join(' | ')})`);
  }
  if (needs.length === 0) return null;
  return { terms: [...required, filterTerms].filter(Boolean).join(' & '), pieces, words, needs };
}
