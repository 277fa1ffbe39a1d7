import { indexEntries, type AnalysedText } from '../ranking/index-entries.ts';
import { cleanText, withoutNumbering, wordsOf } from '../ranking/terms.ts';
import type { DocumentSource, ReadPassage } from './blocks.ts';
import { readWhole } from './document.reader.ts';

/** An indexed document as it is stored: rows as JSON, in pieces that a statement takes at once. */
export interface IndexRows {
  passages: number;
  terms: number;
  passageRows: { rows: string; count: number }[];
  entryRows: { rows: string; count: number }[];
  /** Words that misspelt ones are corrected by, sorted. */
  words: string[][];
}

/** Stems cleaned texts; answers tsvectors in their text form. */
export type Stemmer = (texts: string[]) => Promise<string[]>;

/** Largest piece, in characters: what the event loop has to pass on is never more than this at once. */
const PIECE_CHARS = 256 * 1024;
const PIECE_ITEMS = 1000;

/** Shorter words are not corrected when misspelt, longer ones are no words. */
export const isDictionaryWord = (word: string): boolean =>
  word.length >= 4 && word.length <= 40 && /^\p{L}+$/u.test(word);

/**
 * Reads a document and builds its passages and its part of the inverted index: all that costs more than a statement.
 * @throws UnreadableDocumentError with a reason for the person who added it
 */
export async function indexDocument(source: DocumentSource, stem: Stemmer): Promise<IndexRows> {
  const { ownTitle, passages } = readWhole(source);
  const texts = [
    titlesOf(source.title, ownTitle),
    ...passages.map((passage) => passage.headingPath.slice(1).map(withoutNumbering).join(' / ')),
    ...passages.map((passage) => passage.text),
  ];
  const analysed = await analyse(texts, stem);
  const [title = { text: '', vector: '' }, ...rest] = analysed;
  const pairs = passages.map((_passage, place) => ({
    heading: rest[place] ?? { text: '', vector: '' },
    body: rest[passages.length + place] ?? { text: '', vector: '' },
  }));
  const { entries, terms } = indexEntries({ title, passages: pairs });
  const words = [...new Set(texts.flatMap(wordsOf).filter(isDictionaryWord))].sort();
  return {
    passages: passages.length,
    terms,
    passageRows: rowsOf(passages.map((passage, position) => toRow(passage, position, pairs[position]))),
    entryRows: rowsOf(entries),
    words: [...pieces(words, (word) => word.length)],
  };
}

/** The title, and the one that the document gives itself where it is another: it is found by both. */
function titlesOf(title: string, ownTitle: string | null): string {
  const own = ownTitle === null || ownTitle === title ? [] : [ownTitle];
  return [title, ...own].map(withoutNumbering).join(' / ');
}

async function analyse(texts: readonly string[], stem: Stemmer): Promise<AnalysedText[]> {
  const analysed: AnalysedText[] = [];
  for (const piece of pieces(texts, (text) => text.length)) {
    const vectors = await stem(piece.map(cleanText));
    for (const [place, text] of piece.entries()) analysed.push({ text, vector: vectors[place] ?? '' });
  }
  return analysed;
}

function toRow(
  passage: ReadPassage,
  position: number,
  vectors: { heading: AnalysedText; body: AnalysedText } | undefined,
): object {
  return {
    ...passage,
    position,
    headingVector: vectors?.heading.vector ?? '',
    bodyVector: vectors?.body.vector ?? '',
  };
}

function rowsOf(rows: readonly object[]): { rows: string; count: number }[] {
  const texts = rows.map((row) => JSON.stringify(row));
  return [...pieces(texts, (text) => text.length)].map((piece) => ({
    rows: `[${piece.join(',')}]`,
    count: piece.length,
  }));
}

/** Items in pieces of limited size; a piece has one item at least. */
function* pieces<Item>(items: readonly Item[], size: (item: Item) => number): Generator<Item[]> {
  let piece: Item[] = [];
  let chars = 0;
  for (const item of items) {
    if (piece.length > 0 && (chars + size(item) > PIECE_CHARS || piece.length === PIECE_ITEMS)) {
      yield piece;
      [piece, chars] = [[], 0];
    }
    piece.push(item);
    chars += size(item);
  }
  if (piece.length > 0) yield piece;
}
