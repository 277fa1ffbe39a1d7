const MAX_CHARACTERS = 300;
/** Upper limit in code units: one grapheme may consist of any number of code points. */
const MAX_CODE_UNITS = 2000;
const MAX_NAME_CHARACTERS = 80;

/** Control characters except line breaks and tabs, and marks that change the text direction. */
const INVISIBLE = /(?![\n\t])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Truncates a text between graphemes. */
export function excerptOf(text: string, length = MAX_CHARACTERS): string {
  const plain = text.replaceAll(INVISIBLE, '').trim();
  let end = 0;
  let count = 0;
  for (const { index, segment } of segmenter.segment(plain.slice(0, MAX_CODE_UNITS + 1))) {
    if (count === length || index + segment.length > MAX_CODE_UNITS) break;
    end = index + segment.length;
    count += 1;
  }
  return end < plain.length ? `${plain.slice(0, end).trimEnd()}…` : plain;
}

/** Puts a name on one line and truncates it. */
export function singleLineName(name: string): string {
  return excerptOf(name.replaceAll(/\s+/g, ' '), MAX_NAME_CHARACTERS);
}
