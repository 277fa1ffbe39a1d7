/** Longer words are cut in index and question alike: nobody asks for them by their end. */
export const MAX_WORD = 100;

/** Text as the index and the question share it: without accents and punctuation, so both meet the same stemmer. */
export function cleanText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .split(' ')
    .map((word) => word.slice(0, cutPlace(word, MAX_WORD)))
    .join(' ');
}

/** Where a text may be cut at the latest: not between the two halves of a character. */
export function cutPlace(text: string, place: number): number {
  const isHalved = place < text.length && /[\ud800-\udbff]/.test(text.charAt(place - 1));
  return isHalved ? place - 1 : place;
}

/** Words of a text in order, cleaned. */
export function wordsOf(text: string): string[] {
  const clean = cleanText(text);
  return clean === '' ? [] : clean.split(' ');
}

/** Names such as `shared_buffers`, `server.crt` or `count(…)`: kept whole beside their parts. */
export function compoundsOf(text: string): string[] {
  const lower = text.toLowerCase();
  // Every pattern takes a whole run at once, so that a text costs its length however its runs look.
  const names = (lower.match(/[\p{L}\p{N}_.]+/gu) ?? [])
    .flatMap((run) => run.split(/[_.]{2,}/))
    .map((name) => name.replace(/^[_.]/, '').replace(/[_.]$/, ''))
    .filter((name) => /[_.]/.test(name));
  const calls = (lower.match(/[\p{L}\p{N}_]+\(?/gu) ?? [])
    .filter((run) => run.endsWith('('))
    .map((run) => run.slice(0, -1).replace(/^[\p{N}_]+/u, ''))
    .filter((name) => name.length > 1);
  const all = [...names, ...calls.map((name) => `${name}()`)];
  return all.filter((name) => name.length <= MAX_NAME && /\p{L}{2}/u.test(name));
}

/** Longer names are no names. */
const MAX_NAME = 80;

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

/** Where one lexeme stands, from PostgreSQL's text form of a tsvector: without reading all the others. */
export function placesOf(vector: string, lexeme: string): { places: number[]; inHeading: boolean } | null {
  const mark = `'${lexeme}':`;
  const at = vector.indexOf(mark);
  if (at === -1) {
    return null;
  }
  const start = at + mark.length;
  const space = vector.indexOf(' ', start);
  const list = vector.slice(start, space === -1 ? undefined : space);
  return {
    places: list.split(',').map((place) => Number.parseInt(place, 10)),
    inHeading: list.includes('A'),
  };
}

/** How many lexemes the heading path has, and the last of their places: they are marked with weight A. */
export function headingSize(vector: string): { lexemes: number; lastPlace: number } {
  let lexemes = 0;
  let lastPlace = 0;
  for (const [list] of vector.matchAll(/\d[\d,A]*A/g)) {
    lexemes += 1;
    for (const place of list.split(',')) {
      lastPlace = place.endsWith('A') ? Math.max(lastPlace, Number.parseInt(place, 10)) : lastPlace;
    }
  }
  return { lexemes, lastPlace };
}

/** Whether a text holds a name as `compoundsOf` reads it. */
export function holdsName(lowerText: string, name: string): boolean {
  const isCall = name.endsWith('()');
  const written = isCall ? name.slice(0, -1) : name;
  for (let at = lowerText.indexOf(written); at !== -1; at = lowerText.indexOf(written, at + 1)) {
    const [before = '', after = ''] = [lowerText.charAt(at - 1), lowerText.slice(at + written.length)];
    if (!/[\p{L}\p{N}_.]/u.test(before) && (isCall || !/^([_.]?[\p{L}\p{N}])/u.test(after))) {
      return true;
    }
  }
  return false;
}

const smallWords = new Set('a an and as at by for from how in is of on or the to with'.split(' '));

/** How many words of a title carry meaning. */
export function titleLength(title: string): number {
  return wordsOf(withoutNumbering(title)).filter((word) => !smallWords.has(word)).length;
}
