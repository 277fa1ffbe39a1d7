import type { LatinLanguage } from './languages.ts';
import { namesOf, tokensOf } from './tokens.ts';
import { parseLexemes } from './terms.ts';

/** What the stemmers made of a document: title, and per passage its headings and its text. */
export interface AnalysedDocument {
  title: AnalysedText;
  passages: { heading: AnalysedText; body: AnalysedText }[];
}

export interface AnalysedText {
  text: string;
  vector: string;
}

/** One row of the inverted index: a lexeme in a document. */
export interface IndexEntry {
  lexeme: string;
  titleFrequency: number;
  frequency: number;
  positions: number[];
  headingFrequencies: number[];
  bodyFrequencies: number[];
  lengths: number[];
}

/** The lexeme of a form of a word in the language of its text; null for a stop word. */
export type LexemeOf = (form: string, language: LatinLanguage) => string | null;

/** PostgreSQL's text form of the tsvector of a text. */
export function vectorOf(text: string, language: LatinLanguage, lexemeOf: LexemeOf): string {
  const places = new Map<string, number[]>();
  for (const { place, form, kind } of tokensOf(text)) {
    const lexeme = kind === 'word' ? lexemeOf(form, language) : form;
    const found = lexeme === null ? null : places.get(lexeme);
    if (found && found.at(-1) !== place) found.push(place);
    else if (lexeme !== null && !found) places.set(lexeme, [place]);
  }
  return [...places].map(([lexeme, at]) => `'${lexeme}':${at.join(',')}`).join(' ');
}

/** How often each lexeme and each name stands in a text. */
export function frequenciesOf({ text, vector }: AnalysedText): Map<string, number> {
  const frequencies = new Map<string, number>();
  for (const [lexeme, places] of parseLexemes(vector)) {
    frequencies.set(lexeme, places.length);
  }
  for (const name of namesOf(text)) {
    frequencies.set(name, (frequencies.get(name) ?? 0) + 1);
  }
  return frequencies;
}

/** How long a text is: its places, without those of stop words. Other spellings and whole names make it no longer. */
function lengthOf({ vector }: AnalysedText): number {
  return new Set([...parseLexemes(vector).values()].flat()).size;
}

class EntryBuilder {
  readonly entries = new Map<string, IndexEntry>();

  entry(lexeme: string): IndexEntry {
    const found = this.entries.get(lexeme);
    if (found) {
      return found;
    }
    const entry: IndexEntry = {
      lexeme,
      titleFrequency: 0,
      frequency: 0,
      positions: [],
      headingFrequencies: [],
      bodyFrequencies: [],
      lengths: [],
    };
    this.entries.set(lexeme, entry);
    return entry;
  }

  addPassage(position: number, passage: { heading: AnalysedText; body: AnalysedText }): number {
    const [heading, body] = [frequenciesOf(passage.heading), frequenciesOf(passage.body)];
    const length = lengthOf(passage.body);
    for (const lexeme of new Set([...heading.keys(), ...body.keys()])) {
      const entry = this.entry(lexeme);
      entry.positions.push(position);
      entry.headingFrequencies.push(heading.get(lexeme) ?? 0);
      entry.bodyFrequencies.push(body.get(lexeme) ?? 0);
      entry.lengths.push(length);
      entry.frequency += body.get(lexeme) ?? 0;
    }
    return length;
  }
}

/** The inverted index's rows of one document, in the order of their lexemes, and the document's length in terms. */
export function indexEntries(document: AnalysedDocument): { entries: IndexEntry[]; terms: number } {
  const builder = new EntryBuilder();
  let terms = 0;
  document.passages.forEach((passage, position) => {
    terms += builder.addPassage(position, passage);
  });
  for (const [lexeme, frequency] of frequenciesOf(document.title)) {
    builder.entry(lexeme).titleFrequency = frequency;
  }
  const entries = [...builder.entries.values()].sort((one, other) => (one.lexeme < other.lexeme ? -1 : 1));
  return { entries, terms };
}
