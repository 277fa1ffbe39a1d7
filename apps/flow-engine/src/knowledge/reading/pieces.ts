import { characterBoundary, sentencesOf } from '@parley/text';

/** A passage is a few paragraphs: enough to stand alone, small enough to be about one thing. */
export const TARGET_LENGTH = 600;
export const MAX_LENGTH = 1500;
const MAX_CODE_UNIT = 600;

/** Text with start and end of each of its sentences, one pair after another. */
export interface Piece {
  text: string;
  sentences: number[];
}

const shift = (spans: readonly number[], by: number): number[] => spans.map((place) => place + by);

export const textPiece = (text: string): Piece => ({
  text,
  sentences: sentencesOf(text).flatMap(({ start, end }) => [start, end]),
});

/** Code is quoted whole where it is short, else line by line. */
export function codePiece(text: string): Piece {
  return text.length <= MAX_CODE_UNIT ? { text, sentences: [0, text.length] } : textPiece(text);
}

export function join(pieces: readonly Piece[], separator: string): Piece {
  let text = '';
  const sentences: number[] = [];
  for (const piece of pieces) {
    text += text === '' ? '' : separator;
    for (const place of piece.sentences) {
      sentences.push(place + text.length);
    }
    text += piece.text;
  }
  return { text, sentences };
}

/** Cuts a piece that is too long between sentences, or, where a sentence is itself too long, between words. */
export function cut(piece: Piece): Piece[] {
  if (piece.text.length <= MAX_LENGTH) {
    return [piece];
  }
  const units: number[][] = [];
  for (let index = 0; index < piece.sentences.length; index += 2) {
    for (const span of cutSpan(piece.text, piece.sentences[index] ?? 0, piece.sentences[index + 1] ?? 0)) {
      units.push(span);
    }
  }
  const pieces: Piece[] = [];
  let first = 0;
  units.forEach(([, end = 0], index) => {
    const start = units[first]?.[0] ?? 0;
    const next = units[index + 1]?.[1];
    if (next === undefined || next - start > TARGET_LENGTH) {
      const spans = units.slice(first, index + 1).flat();
      pieces.push({ text: piece.text.slice(start, end), sentences: shift(spans, -start) });
      first = index + 1;
    }
  });
  return pieces;
}

function cutSpan(text: string, start: number, end: number): number[][] {
  const spans: number[][] = [];
  let from = start;
  while (end - from > MAX_LENGTH) {
    const space = text.slice(from, from + MAX_LENGTH + 1).lastIndexOf(' ');
    const to = from + (space > 0 ? space : characterBoundary(text.slice(from, end), MAX_LENGTH));
    spans.push([from, to]);
    from = space > 0 ? to + 1 : to;
  }
  return [...spans, [from, end]];
}
