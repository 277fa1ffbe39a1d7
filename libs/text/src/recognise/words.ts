import { foldForSearch } from '../normalise.ts';

const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;

/**
 * A text as it is compared with known wordings: folded as for search, and without what writers of messages leave out or
 * add: apostrophes, the dots of Hindi letters, letters that are drawn out ("hellooo").
 */
function folded(text: string): string {
  return foldForSearch(text)
    .replaceAll("'", '')
    .normalize('NFD')
    .replaceAll('\u093c', '')
    .replaceAll('\u0901', '\u0902')
    .normalize('NFC')
    .replace(/([\p{L}\p{M}])\1{2,}/gu, '$1');
}

/** The words of a text as they are compared. Punctuation and emoji are none. */
export function comparableWords(text: string): string[] {
  return folded(text).match(WORD) ?? [];
}

/** The same in one string, to look it up among known wordings. */
export function comparable(text: string): string {
  return comparableWords(text).join(' ');
}
