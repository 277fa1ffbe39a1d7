/** Languages in which the product speaks, by their BCP 47 subtag. Texts of all others fall back to English. */
export const languages = ['en', 'de', 'es', 'fr', 'hi', 'ar'] as const;

/** A language in which the product speaks. */
export type Language = (typeof languages)[number];

/** Languages that are written from right to left, beyond those the product speaks: a page may have any. */
const RIGHT_TO_LEFT = new Set(['ar', 'arc', 'ckb', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'ug', 'ur', 'yi']);

/**
 * The first language of a list of preferences that the product speaks: `de-AT` is `de`, `es_MX` is `es`.
 * @returns null where none is spoken
 */
export function spokenLanguage(...preferred: readonly (string | null | undefined)[]): Language | null {
  for (const tag of preferred) {
    const main = mainLanguage(tag);
    const found = languages.find((language) => language === main);
    if (found) return found;
  }
  return null;
}

/** The same; English where none is spoken. */
export function languageOf(...preferred: readonly (string | null | undefined)[]): Language {
  return spokenLanguage(...preferred) ?? 'en';
}

/** The direction in which a language is written. */
export function directionOf(tag: string): 'ltr' | 'rtl' {
  const lower = tag.toLowerCase().replaceAll('_', '-');
  if (/-(?:arab|hebr|thaa|syrc|nkoo|adlm)\b/.test(lower)) return 'rtl';
  if (/-[a-z]{4}\b/.test(lower)) return 'ltr';
  return RIGHT_TO_LEFT.has(mainLanguage(tag)) ? 'rtl' : 'ltr';
}

function mainLanguage(tag: string | null | undefined): string {
  return (tag ?? '').trim().toLowerCase().split(/[-_]/, 1)[0] ?? '';
}
