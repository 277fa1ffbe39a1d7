/** Sizes of the corpus that a question is asked of. */
export interface CorpusSize {
  documents: number;
  passages: number;
  terms: number;
}

/** One idea of the question, with what may stand for it. */
export interface Concept {
  word: string;
  /** The stems that stand for it; the first is the word's own, others are synonyms or a corrected spelling. */
  forms: { lexeme: string; weight: number }[];
  /** How much it counts: 1 for the question's own words, less for words that only frame it and for earlier turns. */
  weight: number;
  /** Inverse document frequency; the highest possible where the corpus does not know the word. */
  idf: number;
  known: boolean;
  fromContext: boolean;
  /** Looked up as it is: a name such as `shared_buffers`, a pair of characters. */
  isExact: boolean;
}

/** Parameters of BM25F: see `parameters.ts`. */
export interface ScoringParameters {
  saturation: number;
  passageLengthWeight: number;
  documentLengthWeight: number;
  titleWeight: number;
  headingWeight: number;
  documentShare: number;
  /** What the weaker forms of a concept add to its best one. */
  formShare: number;
}

/** A passage as it is stored, with its document. */
export interface Passage {
  documentId: string;
  title: string;
  url: string | null;
  passageId: string;
  position: number;
  headingPath: string[];
  text: string;
  sentences: number[];
  /** Text form of the passage's tsvector. */
  lexemes: string;
  /** The form that its index has. */
  segmenterVersion: number;
}

/** A passage that holds words of the question. */
export interface Candidate {
  passage: Passage;
  /** Lexemes of the question that it or its headings hold, names included. */
  lexemes: ReadonlySet<string>;
  score: number;
  /** Lexemes of the question that its whole document holds. */
  documentLexemes: ReadonlySet<string>;
  /** Lexemes of the question that its title holds. */
  titleLexemes: ReadonlySet<string>;
}
