/** Marks that Arabic writers leave out at will: vowel signs and the stretching line. */
const ARABIC_MARKS = /[\u0610-\u061a\u064b-\u065f\u0670\u0640]/g;
/** Letters that are written one way or the other. */
const VARIANTS: readonly (readonly [RegExp, string])[] = [
  [/[أإآٱ]/g, 'ا'],
  [/ى/g, 'ي'],
  [/ة/g, 'ه'],
  [/ँ/g, 'ं'],
  [/\u093c/g, ''],
];
/** Joiners, direction marks, soft hyphens: nobody sees them. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0f]/g;
const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;

/**
 * A text as it is compared with what is recognised: lower case, without accents on Latin letters, apostrophes and spelling
 * variants. Not for search.
 */
function folded(text: string): string {
  let plain = text
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .replace(/['’‘`´]/g, '')
    .toLowerCase();
  plain = plain
    .normalize('NFD')
    .replace(/(\p{Script=Latin})\p{Mn}+/gu, '$1')
    .normalize('NFC');
  plain = plain.replaceAll('ß', 'ss').replace(ARABIC_MARKS, '');
  for (const [written, one] of VARIANTS) plain = plain.replace(written, one);
  // Drawn out words: "hellooo".
  return plain.replace(/([\p{L}\p{M}])\1{2,}/gu, '$1');
}

/** The words of a text as they are compared. Punctuation and emoji are none. */
export function comparableWords(text: string): string[] {
  return folded(text).match(WORD) ?? [];
}

/** The same in one string, to look it up among known wordings. */
export function comparable(text: string): string {
  return comparableWords(text).join(' ');
}
