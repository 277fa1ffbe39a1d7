/**
 * How documents were cut into words before there were versions of it (version 0). It reads the index of documents that
 * are not yet segmented again; it writes nothing.
 */

/** Text without accents and punctuation. */
function legacyText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** The words of a text in the old form: its places. */
export function legacyWords(text: string): string[] {
  const clean = legacyText(text);
  return clean === '' ? [] : clean.split(' ');
}

/** What the English stemmer was given for a word; null where the old form cut it in two or left nothing of it. */
export function legacyForm(word: string): string | null {
  const [only, more] = legacyWords(word);
  return only === undefined || more !== undefined ? null : only;
}
