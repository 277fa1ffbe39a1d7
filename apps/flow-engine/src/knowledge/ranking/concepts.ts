import { RARITY_CAP, weights } from './parameters.ts';
import { isFollowUp } from './question.ts';
import type { QuestionWord, QuestionWords } from './question.ts';
import type { Concept } from './types.ts';

/** What the stemmer says about words: the lexeme of each, none for a stop word. */
export type Stems = ReadonlyMap<string, string>;

export function inverseDocumentFrequency(passages: number, withLexeme: number): number {
  return Math.log(1 + (passages - Math.min(withLexeme, passages) + 0.5) / (withLexeme + 0.5));
}

/** The words that count for this question: its own, and those of earlier turns where it points back at them. */
export function effectiveWords(question: string, words: QuestionWords, stems: Stems): QuestionWord[] {
  const isStopped = (entry: QuestionWord): boolean => !entry.isName && !stems.has(entry.word);
  const stopped = new Set(words.own.filter(isStopped).map((entry) => entry.word));
  const used = isFollowUp(question, words.own, stopped) ? [...words.own, ...words.context] : words.own;
  return used.filter((entry) => !isStopped(entry));
}

function formsOf(entry: QuestionWord, lexeme: string, stems: Stems): Concept['forms'] {
  const forms = new Map([[lexeme, 1]]);
  const add = (words: readonly string[], weight: number): void => {
    for (const word of words) {
      const form = stems.get(word) ?? word;
      forms.set(form, Math.max(forms.get(form) ?? 0, weight));
    }
  };
  add(entry.inflections, weights.inflection);
  add(entry.synonyms, weights.synonym);
  return [...forms].map(([form, weight]) => ({ lexeme: form, weight }));
}

/** Turns words into concepts: stems, synonyms and their weights. A stem counts once, with its greatest weight. */
export function toConcepts(words: readonly QuestionWord[], stems: Stems): Concept[] {
  const concepts = new Map<string, Concept>();
  for (const entry of words) {
    const lexeme = entry.isName ? entry.word : (stems.get(entry.word) ?? entry.word);
    const earlier = concepts.get(lexeme);
    if (earlier && earlier.weight >= entry.weight) {
      continue;
    }
    const forms = formsOf(entry, lexeme, stems);
    concepts.set(lexeme, {
      word: entry.word,
      forms,
      weight: entry.weight,
      idf: 0,
      known: false,
      fromContext: entry.fromContext,
      isName: entry.isName,
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
