const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Units read before and after an index to find the character it lies in. Longer characters are cut between code points. */
const WINDOW_BEFORE = 256;
const WINDOW_AFTER = 64;
const FLAG_LENGTH = 4;
const REGIONAL_INDICATOR = /^\p{Regional_Indicator}$/u;

/**
 * The largest index at or before `index` at which a text may be cut without splitting a character that a reader sees as one
 * (grapheme cluster, UAX #29): no half surrogate pair, no lost vowel sign, skin tone or joined emoji.
 * @param index UTF-16 units; values outside the text are moved to its ends
 */
export function characterBoundary(text: string, index: number): number {
  if (index <= 0) return 0;
  if (index >= text.length) return text.length;
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  if (before < 0x80 && after < 0x80 && after !== 0x0a) return index;
  const start = windowStart(text, index);
  const window = text.slice(start, index + WINDOW_AFTER);
  const found = start + (graphemes.segment(window).containing(index - start)?.index ?? 0);
  return found > start || start === 0 ? found : codePointBoundary(text, index);
}

/**
 * The longest beginning of a text that fits, in whole characters.
 * @param maxLength UTF-16 units, the mark included
 * @param mark what stands in place of the rest where something was left out
 */
export function truncate(text: string, maxLength: number, mark = '…'): string {
  if (text.length <= maxLength) return text;
  const kept = text.slice(0, characterBoundary(text, Math.max(0, maxLength - mark.length))).trimEnd();
  return mark.length <= maxLength ? kept + mark : kept;
}

/**
 * The text in pieces of at most `maxLength` UTF-16 units, cut between characters. Joined they are the text again.
 * A character that is longer than a piece is cut between its code points.
 */
export function piecesOf(text: string, maxLength: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (from < text.length) {
    // Read from the cut before, a long row of flags costs its length once.
    let to = from + characterBoundary(text.slice(from, from + maxLength + WINDOW_AFTER), maxLength);
    if (to <= from) to = Math.max(codePointBoundary(text, from + maxLength), nextCodePoint(text, from));
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

/** Where to begin to read, so that surrogate pairs and flags in a row are read as they were written. */
function windowStart(text: string, index: number): number {
  let start = codePointBoundary(text, Math.max(0, index - WINDOW_BEFORE));
  if (!isFlagHalf(text, start)) return start;
  while (start > 0 && isFlagHalf(text, start - FLAG_LENGTH / 2)) start -= FLAG_LENGTH / 2;
  return start;
}

function isFlagHalf(text: string, index: number): boolean {
  const point = index < 0 ? undefined : text.codePointAt(index);
  return point !== undefined && REGIONAL_INDICATOR.test(String.fromCodePoint(point));
}

function codePointBoundary(text: string, index: number): number {
  return isLowSurrogate(text.charCodeAt(index)) && isHighSurrogate(text.charCodeAt(index - 1))
    ? index - 1
    : index;
}

function nextCodePoint(text: string, index: number): number {
  return index + ((text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
