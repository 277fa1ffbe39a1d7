import { memoized } from './memo.ts';
import { reranking } from './parameters.ts';
import { headingSize, parseLexemes, placesOf, titleLength } from './terms.ts';
import { holdsIdeographs } from './tokens.ts';
import type { Candidate, Concept, Passage } from './types.ts';
import { createDefinitionTest, createRunMeasure } from './wording.ts';

/** A passage with its final score and how much of the question it covers (0 to 1). */
export interface RankedPassage extends Candidate {
  coverage: number;
}

/** Lighter words of a question are no subject of their own. */
const OWN_WEIGHT = 0.25;

/** What a passage holds of a concept: the weight of its best form, and where its forms stand. */
interface Match {
  concept: Concept;
  weight: number;
  places: readonly number[];
  /** The same of its title, its headings and its whole document. */
  inTitle: number;
  inHeading: number;
  inDocument: number;
}

/** The weight of the best form of a concept among these lexemes. */
function heldBy({ forms }: Concept, lexemes: ReadonlySet<string>): number {
  let weight = 0;
  if (lexemes.size > 0)
    for (const form of forms) if (form.weight > weight && lexemes.has(form.lexeme)) weight = form.weight;
  return weight;
}

/** What a passage holds of the question. */
function find(candidate: Candidate, concepts: readonly Concept[]): Match[] {
  const places = new Map<string, readonly number[]>();
  const headings = new Set<string>();
  for (const lexeme of candidate.lexemes) {
    const found = placesOf(candidate.passage.lexemes, lexeme);
    // Names have no place in the vector.
    places.set(lexeme, found?.places ?? []);
    if (found?.inHeading) headings.add(lexeme);
  }
  return concepts.map((concept) => ({
    concept,
    weight: heldBy(concept, candidate.lexemes),
    places: concept.forms.flatMap(({ lexeme }) => places.get(lexeme) ?? []),
    inTitle: heldBy(concept, candidate.titleLexemes),
    inHeading: heldBy(concept, headings),
    inDocument: heldBy(concept, candidate.documentLexemes),
  }));
}

/** Share of the question's information that a passage holds, its title included; what only the rest of its document holds counts half. */
function coverageOf(matches: readonly Match[]): number {
  let covered = 0;
  let all = 0;
  for (const { concept, weight, inTitle, inDocument } of matches) {
    const information = concept.weight * concept.idf;
    all += information;
    covered += information * Math.max(weight, inTitle, inDocument * reranking.documentMatch);
  }
  return all === 0 ? 0 : covered / all;
}

/**
 * Share of the question's own information, where it also takes words from earlier turns: what is asked anew counts more
 * than what was spoken of before.
 */
function ownCoverageOf(matches: readonly Match[]): { share: number; words: number } {
  if (matches.every(({ concept }) => !concept.fromContext)) return { share: 1, words: 0 };
  const own = matches.filter(
    ({ concept }) => !concept.fromContext && (concept.isExact || concept.weight >= OWN_WEIGHT),
  );
  if (own.length === 0) return { share: 1, words: 0 };
  const words = own.reduce((sum, { concept }) => sum + Math.min(1, concept.weight), 0);
  return { share: coverageOf(own), words };
}

/** Words that follow one another in the question and are near one another in the passage. */
function proximityOf(matches: readonly Match[]): number {
  const own = matches.filter(({ concept }) => !concept.fromContext && concept.weight >= 0.4);
  let bonus = 0;
  for (let index = 1; index < own.length; index += 1) {
    const [one, other] = [own[index - 1], own[index]];
    if (one && other) {
      const distance = nearest(one.places, other.places);
      const worth = Math.min(one.concept.idf * one.concept.weight, other.concept.idf * other.concept.weight);
      bonus += distance <= 2 ? worth * reranking.adjacent : distance <= 6 ? worth * reranking.near : 0;
    }
  }
  return bonus;
}

function nearest(left: readonly number[], right: readonly number[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (const one of left) {
    for (const other of right) {
      const distance = Math.abs(one - other);
      best = distance > 0 && distance < best ? distance : best;
    }
  }
  return best;
}

/**
 * What a title or heading speaks for: the information it shares with the question, by the share of its own words that
 * the question names. "Generated Columns" is about generated columns; a long title that has one such word is not.
 */
function namedBy(
  matches: readonly Match[],
  weightOf: (match: Match) => number,
  wordsOf: () => number,
): number {
  let information = 0;
  let matched = 0;
  for (const match of matches) {
    const weight = weightOf(match);
    information += weight * match.concept.weight * match.concept.idf;
    matched += weight * Math.min(1, match.concept.weight);
  }
  if (matched === 0) return 0;
  const words = wordsOf();
  return words === 0 ? 0 : information * Math.min(1, matched / words);
}

const LEAD_LENGTH = 16;
/** Longer passages have more words than a lead: they are not worth counting. */
const LEAD_CHARACTERS = 400;

const leadLength = memoized(({ text, lexemes }: Passage): number =>
  holdsIdeographs(text) ? titleLength(text) : parseLexemes(lexemes).size,
);

/** A page that opens with one short line says there what it is for: it speaks for the page as its title does. */
function leadOf(matches: readonly Match[], passage: Passage): number {
  if (passage.position !== 0 || passage.text.length > LEAD_CHARACTERS) return 0;
  if (leadLength(passage) > LEAD_LENGTH) return 0;
  return namedBy(
    matches,
    ({ weight }) => weight,
    () => leadLength(passage),
  );
}

const lengthOfTitle = memoized(({ title }: Passage): number => titleLength(title));

const lengthOfHeadings = memoized(({ headingPath, lexemes }: Passage): number => {
  const text = headingPath.slice(1).join(' ');
  return holdsIdeographs(text) ? titleLength(text) : headingSize(lexemes).lexemes;
});

/** Whether a sentence of the passage is the definition that the question asks for. */
function isDefinedIn({ text, sentences }: Passage, isDefinition: (sentence: string) => boolean): boolean {
  return sentences.some(
    (start, index) => index % 2 === 0 && isDefinition(text.slice(start, sentences[index + 1])),
  );
}

/** Orders candidates: nearness of words, share of the question covered, support by the rest of the document. */
export function rerank(
  candidates: readonly Candidate[],
  concepts: readonly Concept[],
  question: string,
): RankedPassage[] {
  const runOf = createRunMeasure(question, concepts);
  const scored = candidates.map((candidate): RankedPassage => {
    const { passage } = candidate;
    const matches = find(candidate, concepts);
    const coverage = coverageOf(matches);
    const own = ownCoverageOf(matches);
    // A passage that covers too little to answer gains nothing by its wording.
    const run = coverage < reranking.runCoverage ? 0 : runOf(passage.text);
    const inTitle = namedBy(
      matches,
      (match) => match.inTitle,
      () => lengthOfTitle(passage),
    );
    const inHeading = namedBy(
      matches,
      (match) => match.inHeading,
      () => lengthOfHeadings(passage),
    );
    const named =
      reranking.title * inTitle + reranking.heading * inHeading + reranking.lead * leadOf(matches, passage);
    const score =
      (candidate.score + proximityOf(matches) + named) *
      (1 + reranking.run * run) *
      (1 - reranking.coverage + reranking.coverage * coverage) *
      (1 - reranking.ownCoverage + reranking.ownCoverage * own.share);
    return { ...candidate, coverage: own.words >= 2 ? Math.max(coverage, own.share) : coverage, score };
  });
  scored.sort((one, other) => other.score - one.score);
  const byDocument = Map.groupBy(scored, ({ passage }) => passage.documentId);
  const supported = scored.map((passage) => {
    const others = (byDocument.get(passage.passage.documentId) ?? []).filter((other) => other !== passage);
    const support = reranking.support.reduce(
      (sum, share, index) => sum + share * (others[index]?.score ?? 0),
      0,
    );
    return { ...passage, score: passage.score + support };
  });
  const isDefinition = createDefinitionTest(question);
  const top = Math.max(0, ...supported.map(({ score }) => score));
  const ordered = supported.map((ranked) =>
    isDefinedIn(ranked.passage, isDefinition) ? { ...ranked, score: ranked.score + top } : ranked,
  );
  return ordered.sort(
    (one, other) => other.score - one.score || one.passage.position - other.passage.position,
  );
}
