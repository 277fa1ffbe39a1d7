import type { QueryTerm, Term } from './segment.ts';

/** Limits of PostgreSQL's `tsvector` (PostgreSQL manual, "Text Search Limitations"). */
const MAX_LEXEME_BYTES = 2046;
const MAX_POSITION = 16_383;
const MAX_POSITIONS = 255;
const MAX_VECTOR_BYTES = 1_000_000;

const encoder = new TextEncoder();

/**
 * The text form of a `tsvector` with these terms: pass it as a parameter and cast it, without a configuration.
 * What exceeds a limit of PostgreSQL is left out: terms above 2,046 bytes, positions of a term behind its 255th, terms beyond 1 MB;
 * positions above 16,383 become 16,383.
 */
export function toTsvector(terms: Iterable<Pick<Term, 'term'> & { position?: number }>): string {
  const positions = new Map<string, Set<number>>();
  let bytes = 0;
  for (const { term, position } of terms) {
    let places = positions.get(term);
    if (!places) {
      const size = byteLength(term);
      if (size === 0 || size > MAX_LEXEME_BYTES || bytes + size + 4 > MAX_VECTOR_BYTES) continue;
      bytes += size + 4;
      places = new Set();
      positions.set(term, places);
    }
    if (position !== undefined && places.size < MAX_POSITIONS && bytes + 2 <= MAX_VECTOR_BYTES) {
      const at = Math.min(position, MAX_POSITION);
      if (!places.has(at)) bytes += 2;
      places.add(at);
    }
  }
  return [...positions]
    .map(([term, places]) => (places.size === 0 ? quoted(term) : `${quoted(term)}:${[...places].join(',')}`))
    .join(' ');
}

/**
 * The text form of a `tsquery` that finds what holds all words, or with `|` any of them. Null where there is no word.
 * Where scripts are written without spaces, terms may be there without the word itself: compare with `holdsText`.
 */
export function toTsquery(words: readonly QueryTerm[], operator: '&' | '|' = '&'): string | null {
  return anyAll(
    words.map(({ alternatives, isPrefix }) =>
      alternatives.map((terms) => terms.map((term) => ({ term, isPrefix }))),
    ),
    operator,
  );
}

/** The text form of a `tsquery`: each word as an alternative of terms, all of which are needed. Null where there is no word. */
export function anyAll(
  words: readonly (readonly (readonly { term: string; isPrefix: boolean }[])[])[],
  operator: '&' | '|' = '&',
): string | null {
  const parts = words
    .map((alternatives) =>
      alternatives
        .filter((terms) => terms.length > 0)
        .map((terms) => terms.map(({ term, isPrefix }) => quoted(term) + (isPrefix ? ':*' : '')).join(' & ')),
    )
    .filter((alternatives) => alternatives.length > 0)
    .map((alternatives) => `(${alternatives.map((terms) => `(${terms})`).join(' | ')})`);
  return parts.length === 0 ? null : parts.join(` ${operator} `);
}

/** A lexeme as the text forms of `tsvector` and `tsquery` write it. */
export function quoted(lexeme: string): string {
  const escaped = /['\\]/.test(lexeme) ? lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''") : lexeme;
  return `'${escaped}'`;
}

function byteLength(text: string): number {
  // Three bytes hold every UTF-16 unit: the exact count is needed near the limit alone.
  return text.length * 3 <= MAX_LEXEME_BYTES && /^[ -~]*$/u.test(text)
    ? text.length
    : encoder.encode(text).length;
}
