import { foldWord } from '../tokens.ts';

/** What the ranking knows of a language. All words are folded as the index folds them. */
export interface Vocabulary {
  /** Name of its stemmer; of its script where it has none. */
  language: string;
  /** Words that say nothing of the subject and are not looked up: the stemmer's stop words come on top. */
  stop: ReadonlySet<string>;
  /** Words that frame a question without saying what it is about. */
  frame: ReadonlySet<string>;
  /** How much there is of something: seldom what a question is about. */
  degrees: ReadonlySet<string>;
  /** Finds the word after "how" that asks for a degree; elsewhere the same word may be a subject. */
  askedDegree: RegExp | null;
  /** Particles of verbs: nouns are made of both ("set up", "setup"). */
  particles: ReadonlySet<string>;
  /** Words that point back at an earlier turn. */
  pointers: ReadonlySet<string>;
  /** Beginnings of a question that continues the last one. */
  continuation: RegExp;
  /** Everyday words that mean nearly the same in any handbook. */
  synonymGroups: readonly (readonly string[])[];
  /** Forms that the stemmer takes for different words. */
  inflections: readonly (readonly string[])[];
  /** Questions for a bound are answered where limits are listed, under these words. */
  bound: { question: RegExp; words: readonly string[] } | null;
}

/** A vocabulary as its file writes it: words separated by spaces, groups by lines or commas. */
export interface WrittenVocabulary {
  language: string;
  stop: string;
  frame: string;
  degrees?: string;
  pointers: string;
  continuation: RegExp;
  synonyms: readonly string[];
  inflections?: readonly string[];
}

const wordsIn = (text: string): string[] => text.split(/\s+/u).map(foldWord).filter(Boolean);
const groupsIn = (groups: readonly string[]): string[][] => groups.map(wordsIn);

/** Folds a vocabulary as the index folds texts. */
export function vocabulary(written: WrittenVocabulary): Vocabulary {
  return {
    language: written.language,
    stop: new Set(wordsIn(written.stop)),
    frame: new Set(wordsIn(written.frame)),
    degrees: new Set(wordsIn(written.degrees ?? '')),
    askedDegree: null,
    particles: new Set(),
    pointers: new Set(wordsIn(written.pointers)),
    continuation: written.continuation,
    synonymGroups: groupsIn(written.synonyms),
    inflections: groupsIn(written.inflections ?? []),
    bound: null,
  };
}
