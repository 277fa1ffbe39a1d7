/** Text as the index and the question share it: without accents and punctuation, so both meet the same stemmer. */
export function cleanText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Words of a text in order, cleaned. */
export function wordsOf(text: string): string[] {
  const clean = cleanText(text);
  return clean === '' ? [] : clean.split(' ');
}

/** Names such as `shared_buffers` or `server.crt`: kept whole beside their parts. */
export function compoundsOf(text: string): string[] {
  const found = text.toLowerCase().match(/[\p{L}\p{N}]+(?:[_.][\p{L}\p{N}]+)+/gu) ?? [];
  return found.filter((name) => /\p{L}{2}/u.test(name) && name.length <= 80);
}

/** Numbers of chapters and sections say nothing about the subject. */
export function withoutNumbering(heading: string): string {
  return heading
    .replace(/^(chapter|appendix|part|section)\s+[\dA-Z]+(\.\d+)*[.:]?\s+/i, '')
    .replace(/^([A-Z]\.)?\d+(\.\d+)*\.?\s+/, '');
}

/** Positions of each lexeme, from PostgreSQL's text form of a tsvector. */
export function parseLexemes(vector: string): Map<string, number[]> {
  const lexemes = new Map<string, number[]>();
  for (const [, lexeme = '', places = ''] of vector.matchAll(/'([^']+)':([\dA-D,]+)/g)) {
    lexemes.set(
      lexeme,
      places.split(',').map((place) => Number.parseInt(place, 10)),
    );
  }
  return lexemes;
}
