import { indexEntries, type AnalysedText, vectorOf } from '../ranking/index-entries.ts';
import { type LatinLanguage, latinLanguageOf, stemmable, stemmersOf } from '../ranking/languages.ts';
import { withoutNumbering } from '../ranking/terms.ts';
import { lettersOf } from '../ranking/tokens.ts';
import type { DocumentSource, ReadPassage } from './blocks.ts';
import { readWhole } from './document.reader.ts';

/** An indexed document as it is stored: rows as JSON, in pieces that a statement takes at once. */
export interface IndexRows {
  passages: number;
  terms: number;
  /** Languages of its Latin text, separated by spaces. */
  languages: string;
  /** The title that the document gives itself; null where it gives none. */
  ownTitle: string | null;
  passageRows: { rows: string; count: number }[];
  entryRows: { rows: string; count: number }[];
  /** Words that misspelt ones are corrected by, sorted. */
  words: string[][];
}

/** Stems folded words, each by the stemmer named with it; answers a lexeme for each, null for a stop word. */
export type Stemmer = (words: string[], stemmers: string[]) => Promise<(string | null)[]>;

/** Largest piece, in characters: what the event loop has to pass on is never more than this at once. */
const PIECE_CHARS = 256 * 1024;
const PIECE_ITEMS = 1000;
/** Words that are stemmed by one statement. */
const STEMS_AT_ONCE = 4000;

/** Shorter words are not corrected when misspelt, longer ones are no words. */
export const isDictionaryWord = (word: string): boolean =>
  word.length >= 4 && word.length <= 40 && /^[\p{L}\p{M}]+$/u.test(word);

/**
 * Reads a document and builds its passages and its part of the inverted index: all that costs more than a statement.
 * @throws UnreadableDocumentError with a reason for the person who added it
 */
export function indexDocument(source: DocumentSource, stem: Stemmer): Promise<IndexRows> {
  const { ownTitle, passages } = readWhole(source);
  return indexPassages({ title: source.title, ownTitle, passages }, stem);
}

/** The title, and the one that the document gives itself where it is another: it is found by both. */
function titlesOf(title: string, ownTitle: string | null): string {
  const own = ownTitle === null || ownTitle === title ? [] : [ownTitle];
  return [title, ...own].map(withoutNumbering).join(' / ');
}

/** Builds the part of the inverted index of passages that were read, now or long ago. */
export async function indexPassages(
  { title, ownTitle, passages }: { title: string; ownTitle: string | null; passages: readonly ReadPassage[] },
  stem: Stemmer,
): Promise<IndexRows> {
  const texts = [
    titlesOf(title, ownTitle),
    ...passages.map((passage) => passage.headingPath.slice(1).map(withoutNumbering).join(' / ')),
    ...passages.map((passage) => passage.text),
  ];
  const { analysed, languages, words } = await analyse(texts, stem);
  const [indexedTitle = NOTHING, ...rest] = analysed;
  const pairs = passages.map((_passage, place) => ({
    heading: rest[place] ?? NOTHING,
    body: rest[passages.length + place] ?? NOTHING,
  }));
  const { entries, terms } = indexEntries({ title: indexedTitle, passages: pairs });
  return {
    passages: passages.length,
    terms,
    languages,
    ownTitle,
    passageRows: rowsOf(passages.map((passage, position) => toRow(passage, position, pairs[position]))),
    entryRows: rowsOf(entries),
    words: [...pieces(words, (word) => word.length)],
  };
}

const NOTHING: AnalysedText = { text: '', vector: '' };

/** Texts of a document as the index holds them, with the languages they are in and the words that stand in them. */
export async function analyse(
  texts: readonly string[],
  stem: Stemmer,
  language?: LatinLanguage,
): Promise<{ analysed: AnalysedText[]; languages: string; words: string[] }> {
  const main = language ?? latinLanguageOf(wordsIn(texts)) ?? 'english';
  const stems = new StemCache(stem);
  const languages = new Set<LatinLanguage>([main]);
  const words = new Set<string>();
  const analysed: AnalysedText[] = [];
  for (const piece of pieces(texts, (text) => text.length)) {
    const found = piece.map((text) => {
      const own = lettersOf(text);
      for (const word of own) if (isDictionaryWord(word)) words.add(word);
      const language = latinLanguageOf(own, main) ?? main;
      languages.add(language);
      stems.want(own, language);
      return { text, language };
    });
    await stems.fill();
    for (const { text, language } of found)
      analysed.push({ text, vector: vectorOf(text, language, (word, of) => stems.lexemeOf(word, of)) });
  }
  return { analysed, languages: [...languages].sort().join(' '), words: [...words].sort() };
}

function* wordsIn(texts: readonly string[]): Generator<string> {
  for (const text of texts) yield* lettersOf(text);
}

/** Asks for each word once, and keeps what it was answered. */
class StemCache {
  private readonly stem: Stemmer;
  private readonly lexemes = new Map<string, string | null>();
  private wanted = new Map<string, { word: string; stemmer: string }>();

  constructor(stem: Stemmer) {
    this.stem = stem;
  }

  want(words: readonly string[], language: LatinLanguage): void {
    for (const word of words) {
      const [stemmer] = stemmersOf(word, [language]);
      const key = `${stemmer} ${word}`;
      if (stemmer !== undefined && !this.lexemes.has(key)) this.wanted.set(key, { word, stemmer });
    }
  }

  async fill(): Promise<void> {
    const wanted = [...this.wanted];
    this.wanted = new Map();
    for (let start = 0; start < wanted.length; start += STEMS_AT_ONCE) {
      const some = wanted.slice(start, start + STEMS_AT_ONCE);
      const lexemes = await this.stem(
        some.map(([, { word, stemmer }]) => stemmable(word, stemmer)),
        some.map(([, { stemmer }]) => stemmer),
      );
      for (const [place, [key]] of some.entries()) this.lexemes.set(key, lexemes[place] ?? null);
    }
  }

  lexemeOf(word: string, language: LatinLanguage): string | null {
    const [stemmer] = stemmersOf(word, [language]);
    return stemmer === undefined ? word : (this.lexemes.get(`${stemmer} ${word}`) ?? null);
  }
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
