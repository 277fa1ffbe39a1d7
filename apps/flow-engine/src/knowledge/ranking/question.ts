import { weights } from './parameters.ts';
import { compoundsOf, wordsOf } from './terms.ts';
import {
  boundQuestion,
  boundWords,
  continuation,
  frameWords,
  inflections,
  numerals,
  particles,
  pointers,
  synonymGroups,
} from './vocabulary.ts';

/** A word of the question, before the stemmer and the corpus have said what it is. */
export interface QuestionWord {
  word: string;
  weight: number;
  synonyms: string[];
  /** Other forms of the word that the stemmer does not bring together with it. */
  inflections: string[];
  fromContext: boolean;
  /** Kept whole: not stemmed. */
  isName: boolean;
}

const MAX_WORDS = 40;
const FEW_WORDS = 3;

function ownWeight(word: string): number {
  if (frameWords.has(word)) {
    return weights.frame;
  }
  if (numerals.has(word)) {
    return weights.quantity;
  }
  return word.length === 1 ? weights.short : 1;
}

/** How far the particle of a verb may be from it: "shut the old server down". */
const PARTICLE_DISTANCE = 4;

/** What a word may be written as together with the next one or with its particle: "log in" is found under "login". */
function joinedForms(words: readonly string[]): Map<string, string[]> {
  const forms = new Map<string, string[]>();
  const add = (word: string, form: string): void => {
    forms.set(word, [...(forms.get(word) ?? []), form]);
  };
  words.forEach((word, index) => {
    const next = words[index + 1];
    if (word.length < 3 || next === undefined) {
      return;
    }
    const particle = words
      .slice(index + 1, index + 1 + PARTICLE_DISTANCE)
      .find((other) => particles.has(other));
    if (particle !== undefined) {
      add(word, word + particle);
    }
    if (Math.min(word.length, next.length) >= 4 && !particles.has(next)) {
      add(word, word + next);
      add(next, word + next);
    }
  });
  return forms;
}

function othersOf(groups: readonly (readonly string[])[], word: string): string[] {
  return groups
    .filter((group) => group.includes(word))
    .flatMap((group) => group.filter((other) => other !== word));
}

/** The words of one text in order, each once; names such as `shared_buffers` lead and their parts count less. */
function questionWords(text: string): QuestionWord[] {
  const names = compoundsOf(text);
  const parts = new Set(names.flatMap(wordsOf));
  const words = new Map<string, QuestionWord>();
  const all = wordsOf(text).slice(0, MAX_WORDS);
  const joined = joinedForms(all);
  for (const word of names) {
    words.set(word, { word, weight: 1, synonyms: [], inflections: [], fromContext: false, isName: true });
  }
  for (const word of all) {
    const weight = parts.has(word) ? weights.partOfName : ownWeight(word);
    const isFrame = weight === weights.frame;
    words.set(word, {
      word,
      weight,
      synonyms: isFrame ? [] : othersOf(synonymGroups, word),
      inflections: [...othersOf(inflections, word), ...(isFrame ? [] : (joined.get(word) ?? []))],
      fromContext: false,
      isName: false,
    });
  }
  return [...words.values()].slice(0, MAX_WORDS);
}

/** Whether a question can only be understood with the turns before it. */
export function isFollowUp(
  question: string,
  words: readonly QuestionWord[],
  stopped: ReadonlySet<string>,
): boolean {
  const contentWords = words.filter(
    (entry) => entry.weight >= weights.partOfName && !stopped.has(entry.word),
  );
  const points = wordsOf(question).some((word) => pointers.has(word));
  const continues = continuation.test(question);
  return (
    contentWords.length === 0 ||
    ((points || continues) && contentWords.length <= FEW_WORDS + (continues ? 1 : 0))
  );
}

function contextWords(turns: readonly string[]): QuestionWord[] {
  const sources: [text: string | undefined, weight: number][] = [
    [turns.at(-1), weights.lastQuestion],
    [turns.at(-2), weights.olderQuestion],
  ];
  return sources.flatMap(([text, weight]) =>
    questionWords(text ?? '')
      .filter((entry) => entry.weight > weights.frame)
      .map((entry) => ({ ...entry, weight: entry.weight * weight, synonyms: [], fromContext: true })),
  );
}

/** A question for a bound ("how many … at most") also asks for limits, though it may not say so. */
function boundOf(question: string): QuestionWord[] {
  const [word = '', ...synonyms] = boundQuestion.test(question) ? boundWords : [];
  return word === ''
    ? []
    : [{ word, weight: weights.bound, synonyms, inflections: [], fromContext: false, isName: false }];
}

export interface QuestionWords {
  own: QuestionWord[];
  context: QuestionWord[];
}

/** The words of the question, and those of the turns before it that may be needed to understand it. */
export function readQuestion(question: string, turns: readonly string[]): QuestionWords {
  const own = [...questionWords(question), ...boundOf(question)];
  const known = new Set(own.map((entry) => entry.word));
  const context = new Map<string, QuestionWord>();
  for (const entry of contextWords(turns)) {
    if (!known.has(entry.word) && !context.has(entry.word)) {
      context.set(entry.word, entry);
    }
  }
  return { own, context: [...context.values()].slice(0, MAX_WORDS) };
}
