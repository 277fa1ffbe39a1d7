/** A small body of documents in one language, with questions as customers ask them. */
export interface Corpus {
  /** Name of the language, as the report shows it. */
  language: string;
  documents: readonly CorpusDocument[];
  answerable: readonly CorpusQuestion[];
  unanswerable: readonly { question: string; heldOut: boolean }[];
}

export interface CorpusDocument {
  name: string;
  title: string;
  /** Markdown. */
  text: string;
}

export interface CorpusQuestion {
  question: string;
  /** Names of the documents that answer it. */
  documents: readonly string[];
  /** What the quote has to hold; alternatives are separated by `|`. */
  words: string;
  /** True where the question says it in other words than the document. */
  isReworded: boolean;
  heldOut: boolean;
}

/** `question, document names, words of the quote`; names are separated by spaces. */
export type QuestionRow = readonly [question: string, documents: string, words: string];

/** Questions by kind: in the words of the document or in others, tuned or held out. */
export interface QuestionSets {
  direct: readonly QuestionRow[];
  reworded: readonly QuestionRow[];
  heldOutDirect: readonly QuestionRow[];
  heldOutReworded: readonly QuestionRow[];
  unanswerable: readonly string[];
  heldOutUnanswerable: readonly string[];
}

const rows = (
  list: readonly QuestionRow[],
  kind: { isReworded: boolean; heldOut: boolean },
): CorpusQuestion[] =>
  list.map(([question, documents, words]) => ({ question, documents: documents.split(' '), words, ...kind }));

/** Builds a corpus from its documents and its tables of questions. */
export function corpusOf(
  language: string,
  documents: readonly (readonly [name: string, title: string, text: string])[],
  sets: QuestionSets,
): Corpus {
  return {
    language,
    documents: documents.map(([name, title, text]) => ({ name, title, text: text.trim() })),
    answerable: [
      ...rows(sets.direct, { isReworded: false, heldOut: false }),
      ...rows(sets.reworded, { isReworded: true, heldOut: false }),
      ...rows(sets.heldOutDirect, { isReworded: false, heldOut: true }),
      ...rows(sets.heldOutReworded, { isReworded: true, heldOut: true }),
    ],
    unanswerable: [
      ...sets.unanswerable.map((question) => ({ question, heldOut: false })),
      ...sets.heldOutUnanswerable.map((question) => ({ question, heldOut: true })),
    ],
  };
}
