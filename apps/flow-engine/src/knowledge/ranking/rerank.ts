import { reranking } from './parameters.ts';
import { headingSize, parseLexemes, placesOf, titleLength } from './terms.ts';
import { holdsIdeographs } from './tokens.ts';
import type { Candidate, Concept } from './types.ts';
import { createDefinitionTest, createRunMeasure } from './wording.ts';

/** A passage with its final score and how much of the question it covers (0 to 1). */
export interface RankedPassage extends Candidate {
  coverage: number;
}

/** Lighter words of a question are no subject of their own. */
const OWN_WEIGHT = 0.25;

type Places = ReadonlyMap<string, readonly number[]>;

/** Places of the concept in the passage under any of its forms, and the weight of the best form. */
function match(concept: Concept, places: Places): { weight: number; places: number[] } {
  let weight = 0;
  const found: number[] = [];
  for (const form of concept.forms) {
    const at = places.get(form.lexeme);
    if (at) {
      weight = Math.max(weight, form.weight);
      found.push(...at);
    }
  }
  return { weight, places: found };
}

/** The weight of the best form of a concept among these lexemes. */
function heldBy(concept: Concept, lexemes: ReadonlySet<string>): number {
  return Math.max(0, ...concept.forms.filter((form) => lexemes.has(form.lexeme)).map((form) => form.weight));
}

/** What a passage holds of the question. */
interface Found {
  places: Places;
  headings: ReadonlySet<string>;
}

function find(candidate: Candidate, concepts: readonly Concept[]): Found {
  const places = new Map<string, number[]>();
  const headings = new Set<string>();
  for (const { lexeme } of concepts.flatMap((concept) => concept.forms)) {
    const found = placesOf(candidate.lexemes, lexeme);
    if (found) {
      places.set(lexeme, found.places);
    } else if (candidate.names.has(lexeme)) {
      // Names have no place in the vector.
      places.set(lexeme, []);
    }
    if (found?.inHeading) {
      headings.add(lexeme);
    }
  }
  return { places, headings };
}

/** Share of the question's information that a passage holds, its title included; what only the rest of its document holds counts half. */
export function coverageOf(concepts: readonly Concept[], candidate: Candidate, places: Places): number {
  let covered = 0;
  let all = 0;
  for (const concept of concepts) {
    const information = concept.weight * concept.idf;
    const inPassage = Math.max(match(concept, places).weight, heldBy(concept, candidate.titleLexemes));
    const inDocument = heldBy(concept, candidate.documentLexemes);
    all += information;
    covered += information * Math.max(inPassage, inDocument * reranking.documentMatch);
  }
  return all === 0 ? 0 : covered / all;
}

/**
 * Share of the question's own information, where it also takes words from earlier turns: what is asked anew counts more
 * than what was spoken of before.
 */
function ownCoverageOf(
  concepts: readonly Concept[],
  candidate: Candidate,
  places: Places,
): { share: number; words: number } {
  const own = concepts.filter(
    (concept) => !concept.fromContext && (concept.isExact || concept.weight >= OWN_WEIGHT),
  );
  if (own.length === 0 || concepts.every((concept) => !concept.fromContext)) return { share: 1, words: 0 };
  const words = own.reduce((sum, concept) => sum + Math.min(1, concept.weight), 0);
  return { share: coverageOf(own, candidate, places), words };
}

/** Words that follow one another in the question and are near one another in the passage. */
function proximityOf(concepts: readonly Concept[], places: Places): number {
  const own = concepts.filter((concept) => !concept.fromContext && concept.weight >= 0.4);
  let bonus = 0;
  for (let index = 1; index < own.length; index += 1) {
    const [one, other] = [own[index - 1], own[index]];
    if (one && other) {
      const distance = nearest(match(one, places).places, match(other, places).places);
      const worth = Math.min(one.idf * one.weight, other.idf * other.weight);
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
function namedBy(concepts: readonly Concept[], lexemes: ReadonlySet<string>, words: number): number {
  let information = 0;
  let matched = 0;
  for (const concept of concepts) {
    const weight = heldBy(concept, lexemes);
    information += weight * concept.weight * concept.idf;
    matched += weight * Math.min(1, concept.weight);
  }
  return words === 0 ? 0 : information * Math.min(1, matched / words);
}

const LEAD_LENGTH = 16;
/** Longer passages have more words than a lead: they are not worth counting. */
const LEAD_CHARACTERS = 400;

/** A page that opens with one short line says there what it is for: it speaks for the page as its title does. */
function leadOf(concepts: readonly Concept[], candidate: Candidate, places: Places): number {
  if (candidate.position !== 0 || candidate.text.length > LEAD_CHARACTERS) {
    return 0;
  }
  const isPaired = holdsIdeographs(candidate.text);
  const words = isPaired ? titleLength(candidate.text) : parseLexemes(candidate.lexemes).size;
  return words <= LEAD_LENGTH ? namedBy(concepts, new Set(places.keys()), words) : 0;
}

function headingLength({ headingPath, lexemes }: Candidate): number {
  const text = headingPath.slice(1).join(' ');
  return holdsIdeographs(text) ? titleLength(text) : headingSize(lexemes).lexemes;
}

/** Whether a sentence of the passage is the definition that the question asks for. */
function isDefinedIn({ text, sentences }: Candidate, isDefinition: (sentence: string) => boolean): boolean {
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
    const { places, headings } = find(candidate, concepts);
    const coverage = coverageOf(concepts, candidate, places);
    const own = ownCoverageOf(concepts, candidate, places);
    // A passage that covers too little to answer gains nothing by its wording.
    const run = coverage < reranking.runCoverage ? 0 : runOf(candidate.text);
    const headingWords = headings.size === 0 ? 0 : headingLength(candidate);
    const named =
      reranking.title * namedBy(concepts, candidate.titleLexemes, titleLength(candidate.title)) +
      reranking.heading * namedBy(concepts, headings, headingWords) +
      reranking.lead * leadOf(concepts, candidate, places);
    const score =
      (candidate.score + proximityOf(concepts, places) + named) *
      (1 + reranking.run * run) *
      (1 - reranking.coverage + reranking.coverage * coverage) *
      (1 - reranking.ownCoverage + reranking.ownCoverage * own.share);
    return { ...candidate, coverage: own.words >= 2 ? Math.max(coverage, own.share) : coverage, score };
  });
  scored.sort((one, other) => other.score - one.score);
  const byDocument = Map.groupBy(scored, (passage) => passage.documentId);
  const supported = scored.map((passage) => {
    const others = (byDocument.get(passage.documentId) ?? []).filter((other) => other !== passage);
    const support = reranking.support.reduce(
      (sum, share, index) => sum + share * (others[index]?.score ?? 0),
      0,
    );
    return { ...passage, score: passage.score + support };
  });
  const isDefinition = createDefinitionTest(question);
  const top = Math.max(0, ...supported.map((passage) => passage.score));
  const ordered = supported.map((passage) =>
    isDefinedIn(passage, isDefinition) ? { ...passage, score: passage.score + top } : passage,
  );
  return ordered.sort((one, other) => other.score - one.score || one.position - other.position);
}
