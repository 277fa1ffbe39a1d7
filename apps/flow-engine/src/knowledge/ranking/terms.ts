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

/** Names such as `shared_buffers`, `server.crt` or `count(…)`: kept whole beside their parts. */
export function compoundsOf(text: string): string[] {
  const lower = text.toLowerCase();
  const names = lower.match(/[\p{L}\p{N}]+(?:[_.][\p{L}\p{N}]+)+/gu) ?? [];
  const calls = lower.match(/\p{L}[\p{L}\p{N}_]+(?=\()/gu) ?? [];
  const all = [...names, ...calls.map((name) => `${name}()`)];
  return all.filter((name) => /\p{L}{2}/u.test(name) && name.length <= 80);
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

/** Lexemes of the heading path: PostgreSQL marks their places with weight A. */
export function headingLexemes(vector: string): Set<string> {
  return new Set([...vector.matchAll(/'([^']+)':[\d,]*\dA/g)].map((found) => found[1] ?? ''));
}

const smallWords = new Set('a an and as at by for from how in is of on or the to with'.split(' '));

/** How many words of a title carry meaning. */
export function titleLength(title: string): number {
  return wordsOf(withoutNumbering(title)).filter((word) => !smallWords.has(word)).length;
}
