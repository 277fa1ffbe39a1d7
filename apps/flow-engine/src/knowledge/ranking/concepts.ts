import { LEAST_PASSAGES, RARITY_CAP, weights } from './parameters.ts';
import { contextOf, isFollowUp } from './question.ts';
import type { QuestionWord, QuestionWords } from './question.ts';
import type { Concept } from './types.ts';
import type { QuestionVocabulary } from './vocabulary/index.ts';

/** What the corpus says about words. */
export interface Lexicon {
  /** The lexemes that a word may have in the corpus, one for each of its languages; none for a stop word. */
  lexemes: ReadonlyMap<string, readonly string[]>;
  /** Passages that hold a lexeme; nothing for one that the corpus does not know. */
  frequencies: ReadonlyMap<string, number>;
}

/** How rare a lexeme is. */
export function inverseDocumentFrequency(passages: number, withLexeme: number): number {
  const all = Math.max(passages, LEAST_PASSAGES);
  return Math.log(1 + (all - Math.min(withLexeme, passages) + 0.5) / (withLexeme + 0.5));
}

/** The words that count for this question: its own, and those of earlier turns where it points back at them. */
export function effectiveWords(
  question: string,
  words: QuestionWords,
  lexicon: Lexicon,
  vocabulary: QuestionVocabulary,
): QuestionWord[] {
  const isStopped = ({ word, isExact }: QuestionWord): boolean =>
    !isExact && lexicon.lexemes.get(word)?.length === 0;
  const all = [...words.own, ...words.turns.flatMap((turn) => turn.words)];
  const stopped = new Set(all.filter(isStopped).map((entry) => entry.word));
  const context = isFollowUp(question, words.own, stopped, vocabulary)
    ? contextOf(words, stopped, vocabulary)
    : [];
  return withIdentifiers(
    [...words.own, ...context].filter((entry) => !isStopped(entry)),
    lexicon,
  );
}

/**
 * An identifier that the corpus holds is asked for as a whole. One that it does not hold may be a part of a longer one,
 * if the corpus knows all its parts; else they would find its neighbours.
 */
function withIdentifiers(words: readonly QuestionWord[], lexicon: Lexicon): QuestionWord[] {
  const isKnown = ({ word, isExact }: QuestionWord): boolean =>
    (isExact ? [word] : (lexicon.lexemes.get(word) ?? [word])).some((lexeme) =>
      lexicon.frequencies.has(lexeme),
    );
  let kept = [...words];
  for (const name of words.filter((entry) => entry.isIdentifier)) {
    const parts = kept.filter((entry) => entry.partOf === name.word);
    const isWhole = isKnown(name);
    if (isWhole || !parts.every(isKnown)) kept = kept.filter((entry) => entry.partOf !== name.word);
    else if (parts.length > 0)
      kept = kept
        .filter((entry) => entry !== name)
        .map((entry) => (entry.partOf === name.word ? { ...entry, weight: name.weight } : entry));
  }
  return kept;
}

function formsOf(entry: QuestionWord, lexemes: readonly string[], lexicon: Lexicon): Concept['forms'] {
  const forms = new Map(lexemes.map((lexeme) => [lexeme, 1]));
  const add = (words: readonly string[], weight: number): void => {
    for (const word of words)
      for (const form of lexicon.lexemes.get(word) ?? [word])
        forms.set(form, Math.max(forms.get(form) ?? 0, weight));
  };
  add(entry.inflections, weights.inflection);
  add(entry.synonyms, weights.synonym);
  return [...forms].map(([form, weight]) => ({ lexeme: form, weight }));
}

/** Turns words into concepts: stems, synonyms and their weights. A stem counts once, with its greatest weight. */
export function toConcepts(words: readonly QuestionWord[], lexicon: Lexicon): Concept[] {
  const concepts = new Map<string, Concept>();
  for (const entry of words) {
    const lexemes = entry.isExact ? [entry.word] : (lexicon.lexemes.get(entry.word) ?? [entry.word]);
    const [lexeme = entry.word] = lexemes;
    const earlier = concepts.get(lexeme);
    if (earlier && earlier.weight >= entry.weight) {
      continue;
    }
    const forms = formsOf(entry, lexemes, lexicon);
    concepts.set(lexeme, {
      word: entry.word,
      forms,
      weight: entry.weight,
      idf: 0,
      known: false,
      fromContext: entry.fromContext,
      isExact: entry.isExact,
    });
  }
  return [...concepts.values()];
}

/** Sets how rare each concept is in the corpus; a word the corpus does not know is as rare as can be. */
export function weighConcepts(
  concepts: readonly Concept[],
  passages: number,
  frequencies: ReadonlyMap<string, number>,
): Concept[] {
  return concepts.map((concept) => {
    const same = concept.forms.filter((form) => form.weight >= weights.inflection);
    const own = Math.max(0, ...same.map((form) => frequencies.get(form.lexeme) ?? 0));
    return { ...concept, known: own > 0, idf: inverseDocumentFrequency(passages, own) };
  });
}

/** A lexeme to look up: the concept it stands for, by its number, and its weight in the score. */
export interface ScoredLexemes {
  lexemes: string[];
  concepts: number[];
  weights: number[];
}

/** The lexemes to look up; one that stands for several concepts counts for the one that gives it the most weight. */
export function scoredLexemes(
  concepts: readonly Concept[],
  passages: number,
  frequencies: ReadonlyMap<string, number>,
): ScoredLexemes {
  const scored = new Map<string, { concept: number; weight: number }>();
  concepts.forEach((concept, number) => {
    for (const form of concept.forms) {
      const found = frequencies.get(form.lexeme);
      if (found !== undefined) {
        const idf = Math.min(inverseDocumentFrequency(passages, found), concept.idf, RARITY_CAP);
        const weight = concept.weight * form.weight * idf;
        if (weight > (scored.get(form.lexeme)?.weight ?? 0)) {
          scored.set(form.lexeme, { concept: number, weight });
        }
      }
    }
  });
  const entries = [...scored.values()];
  return {
    lexemes: [...scored.keys()],
    concepts: entries.map((entry) => entry.concept),
    weights: entries.map((entry) => entry.weight),
  };
}
