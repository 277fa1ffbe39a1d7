import type { ScoringParameters } from '../knowledge-search.repository.ts';

/** BM25F with usual constants; passages are alike in size, so their length counts less than a document's. */
export const scoring: ScoringParameters = {
  saturation: 1.2,
  passageLengthWeight: 0.4,
  documentLengthWeight: 0.7,
  titleWeight: 6,
  headingWeight: 2,
  documentShare: 0.5,
};

/** Passages that are looked at closely. */
export const CANDIDATES = 80;

/** Weights of what stands for a word of the question. */
export const weights = {
  frame: 0.2,
  short: 0.3,
  partOfName: 0.4,
  inflection: 0.95,
  synonym: 0.6,
  bound: 0.6,
  spelling: 0.7,
  lastQuestion: 0.6,
  olderQuestion: 0.3,
} as const;

/** Below this the answer is "I do not know": share of the question's information that the passage covers. */
export const CONFIDENCE_THRESHOLD = 0.65;
