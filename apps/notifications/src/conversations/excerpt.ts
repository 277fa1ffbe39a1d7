const LENGTH = 300;
/** A character may be made of many code points; no excerpt is longer than this. */
const CODE_UNITS = 2000;
const NAME_LENGTH = 80;

/** Control characters but line breaks and tabs, and marks that change the direction of text. */
const INVISIBLE = /(?![\n\t])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The beginning of a text, cut between characters as people see them, never within one. */
export function excerptOf(text: string, length = LENGTH): string {
  const plain = text.replaceAll(INVISIBLE, '').trim();
  let end = 0;
  let count = 0;
  for (const { index, segment } of segmenter.segment(plain.slice(0, CODE_UNITS + 1))) {
    if (count === length || index + segment.length > CODE_UNITS) break;
    end = index + segment.length;
    count += 1;
  }
  return end < plain.length ? `${plain.slice(0, end).trimEnd()}…` : plain;
}

/** A name on one line. */
export function nameOf(name: string): string {
  return excerptOf(name.replaceAll(/\s+/g, ' '), NAME_LENGTH);
}
