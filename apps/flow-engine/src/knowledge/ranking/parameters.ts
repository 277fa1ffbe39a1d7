import type { ScoringParameters } from './types.ts';

/** BM25F with usual constants; passages are alike in size, so their length counts less than a document's. */
export const scoring: ScoringParameters = {
  saturation: 1.2,
  passageLengthWeight: 0.5,
  documentLengthWeight: 0.7,
  titleWeight: 6,
  headingWeight: 2,
  documentShare: 0.5,
  formShare: 0.5,
};

/** Passages that are looked at closely. */
export const CANDIDATES = 80;

/** How much each sign counts when the candidates are looked at closely. */
export const reranking = {
  /** A title or heading that names what is asked. */
  title: 0.8,
  heading: 0.3,
  /** A page's first passage where it is one short line. */
  lead: 0.7,
  /** Two words of the question side by side, or in one clause. */
  adjacent: 0.2,
  near: 0.2,
  /** A run of words that the question and the passage share, by its share of the question. */
  run: 1.5,
  /** The coverage that a passage needs for it. */
  runCoverage: 0.62,
  /** How much of the score depends on the share of the question that the passage covers. */
  coverage: 0.6,
  /** In a follow-up: how much of it depends on the words of the question itself. */
  ownCoverage: 0.5,
  /** What a word is worth that only the rest of the document holds. */
  documentMatch: 0.3,
  /** The other good passages of a document speak for it too. */
  support: [0.15, 0.08, 0.04],
};

/** Rarer words than this count no more for the order: rarity is no measure of how much a word matters. */
export const RARITY_CAP = 7;

/** Weights of what stands for a word of the question. */
export const weights = {
  frame: 0.2,
  short: 0.3,
  singleIdeograph: 0.5,
  partOfName: 0.4,
  quantity: 0.4,
  inflection: 0.95,
  synonym: 0.6,
  compound: 0.6,
  bound: 0.6,
  spelling: 0.7,
  lastQuestion: 0.6,
  olderQuestion: 0.45,
} as const;

/**
 * A smaller corpus is taken for one of this many passages when it says how rare a word is: the words of its only passage
 * are not as common as can be.
 */
export const LEAST_PASSAGES = 15;

/**
 * Below this the answer is "I do not know": share of the question's information that the passage covers. Few passages
 * hold few of the words that one may ask with: they need less.
 */
export function confidenceThreshold(passages: number): number {
  const smallness = Math.max(0, 1 - Math.log(Math.max(1, passages)) / Math.log(SMALL_CORPUS));
  return CONFIDENCE_THRESHOLD - SMALL_CORPUS_LENIENCE * smallness;
}

const CONFIDENCE_THRESHOLD = 0.62;
const SMALL_CORPUS = 500;
const SMALL_CORPUS_LENIENCE = 0.3;
