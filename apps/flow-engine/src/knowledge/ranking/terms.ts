import { contentWordsOf } from './ideographs.ts';
import { holdsIdeographs, ideographRuns, wordsOf } from './tokens.ts';

/** Where a text may be cut at the latest: not between the two halves of a character. */
export function cutPlace(text: string, place: number): number {
  const isHalved = place < text.length && /[\ud800-\udbff]/.test(text.charAt(place - 1));
  return isHalved ? place - 1 : place;
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

const smallWords = new Set('a an and as at by for from how in is of on or the to with'.split(' '));

/** How many words of a title carry meaning. */
export function titleLength(title: string): number {
  const text = withoutNumbering(title);
  if (holdsIdeographs(text)) return ideographRuns(text).flatMap(contentWordsOf).length;
  return wordsOf(text).filter((word) => !smallWords.has(word)).length;
}
