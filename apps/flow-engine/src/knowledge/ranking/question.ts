import { contentWordsOf, pairsOfWord } from './ideographs.ts';
import { weights } from './parameters.ts';
import { holdsIdeographs, ideographRuns, namesAsked, tokensOf, wordsOf } from './tokens.ts';
import type { QuestionVocabulary } from './vocabulary/index.ts';

/** A word of the question, before the stemmer and the corpus have said what it is. */
export interface QuestionWord {
  word: string;
  weight: number;
  synonyms: string[];
  /** Other forms and spellings of the word that the stemmer does not bring together with it. */
  inflections: string[];
  fromContext: boolean;
  /** Looked up as it is: a name, a pair of characters. */
  isExact: boolean;
  /** A name with digits: where the corpus has it whole, its parts do not count. */
  isIdentifier: boolean;
  /** The identifier that it is a part of. */
  partOf: string | null;
}

const MAX_WORDS = 40;
const FEW_WORDS = 3;
/** How far the particle of a verb may be from it: "shut the old server down". */
const PARTICLE_DISTANCE = 4;

const plain = {
  synonyms: [],
  inflections: [],
  fromContext: false,
  isExact: false,
  isIdentifier: false,
  partOf: null,
};

function ownWeight(word: string, vocabulary: QuestionVocabulary): number {
  if (vocabulary.isFrame(word)) {
    return weights.frame;
  }
  if (vocabulary.isDegree(word)) {
    return weights.quantity;
  }
  return [...word].length === 1 ? weights.short : 1;
}

/** What a word may be written as together with the next one or with its particle: "log in" is found under "login". */
function joinedForms(words: readonly string[], vocabulary: QuestionVocabulary): Map<string, string[]> {
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
      .find((other) => vocabulary.isParticle(other));
    if (particle !== undefined) {
      add(word, word + particle);
    }
    if (Math.min(word.length, next.length) >= 4 && !vocabulary.isParticle(next)) {
      add(word, word + next);
      add(next, word + next);
    }
  });
  return forms;
}

/** Names in a text, and their parts with the identifier that each belongs to. */
function namedWords(text: string): { words: Map<string, QuestionWord>; parts: Map<string, string | null> } {
  const words = new Map<string, QuestionWord>();
  const parts = new Map<string, string | null>();
  for (const word of namesAsked(text)) {
    const isIdentifier = /\p{N}/u.test(word);
    words.set(word, { ...plain, word, weight: 1, isExact: true, isIdentifier });
    for (const part of wordsOf(word)) parts.set(part, isIdentifier ? word : (parts.get(part) ?? null));
  }
  return { words, parts };
}

/** The words of one text in order, each once; names such as `shared_buffers` lead and their parts count less. */
function questionWords(text: string, vocabulary: QuestionVocabulary): QuestionWord[] {
  const { words, parts } = namedWords(text);
  const all = spacedWords(text).slice(0, MAX_WORDS);
  const degree = vocabulary.askedDegreeIn(text);
  const joined = joinedForms(
    all.map(({ word }) => word),
    vocabulary,
  );
  for (const { word, spellings, isExact } of all) {
    if (vocabulary.isStop(word)) continue;
    const isLight = parts.has(word) || word === degree;
    const weight = isLight ? weights.partOfName : ownWeight(word, vocabulary);
    const other = weight === weights.frame ? [] : (joined.get(word) ?? []);
    words.set(word, {
      ...plain,
      word,
      weight,
      synonyms: weight === weights.frame ? [] : vocabulary.synonymsOf(word),
      inflections: [...spellings, ...vocabulary.inflectionsOf(word), ...other],
      isExact,
      partOf: parts.get(word) ?? null,
    });
  }
  for (const entry of pairedWords(text, vocabulary)) if (!words.has(entry.word)) words.set(entry.word, entry);
  return [...words.values()].slice(0, MAX_WORDS);
}

/** The words of scripts with spaces, and of those that a dictionary cuts. */
function spacedWords(text: string): { word: string; spellings: string[]; isExact: boolean }[] {
  const tokens = [...tokensOf(text)].filter(({ kind }) => kind !== 'pair');
  const spellings = Map.groupBy(
    tokens.filter(({ isSpelling }) => isSpelling),
    ({ place }) => place,
  );
  return tokens
    .filter(({ isSpelling }) => !isSpelling)
    .map(({ place, form, kind }) => ({
      word: form,
      spellings: (spellings.get(place) ?? []).map((other) => other.form),
      isExact: kind === 'code',
    }));
}

/** Words of Han, kana and Hangul are looked up by their pairs of characters, which share the weight of the word. */
function pairedWords(text: string, vocabulary: QuestionVocabulary): QuestionWord[] {
  if (!holdsIdeographs(text)) return [];
  return ideographRuns(text)
    .flatMap(contentWordsOf)
    .flatMap((word) => {
      const pairs = subjectPairs(word);
      const isSingle = [...word].length === 1;
      const weight = isSingle ? weights.singleIdeograph : vocabulary.isFrame(word) ? weights.frame : 1;
      // A synonym of one or two characters stands for the whole word, a longer one for its first pair.
      const synonyms = vocabulary.synonymsOf(word).flatMap((other) => pairsOfWord(other).slice(0, 1));
      return pairs.map((pair) => ({
        ...plain,
        word: pair,
        weight: weight / pairs.length,
        synonyms,
        isExact: true,
      }));
    });
}

/** Pairs of a word without those of its ending alone: `借り` of `借りる`. */
function subjectPairs(word: string): string[] {
  const pairs = pairsOfWord(word);
  const subject = pairs.filter((pair) => !/^\p{Script=Hiragana}+$/u.test(pair));
  return subject.length > 0 ? subject : pairs;
}

/** Whether a question can only be understood with the turns before it. */
export function isFollowUp(
  question: string,
  words: readonly QuestionWord[],
  stopped: ReadonlySet<string>,
  vocabulary: QuestionVocabulary,
): boolean {
  // The pairs of a word are one word together.
  const content = words
    .filter((entry) => !stopped.has(entry.word) && (entry.isExact || entry.weight >= weights.partOfName))
    .reduce((sum, entry) => sum + (entry.isExact ? entry.weight : 1), 0);
  const points = wordsOf(question).some((word) => vocabulary.isPointer(word));
  const continues = vocabulary.continues(question);
  return content < 0.4 || ((points || continues) && content <= FEW_WORDS + (continues ? 1 : 0));
}

/** A question for a bound ("how many … at most") also asks for limits, though it may not say so. */
function boundOf(question: string, vocabulary: QuestionVocabulary): QuestionWord[] {
  const [word = '', ...synonyms] = vocabulary.boundWordsFor(question);
  return word === '' ? [] : [{ ...plain, word, weight: weights.bound, synonyms }];
}

/** An earlier turn of the conversation. */
export interface EarlierTurn {
  text: string;
  words: QuestionWord[];
}

export interface QuestionWords {
  own: QuestionWord[];
  /** The turns before it, newest first. */
  turns: EarlierTurn[];
}

const MAX_TURNS = 3;

/** The words of the question, and those of the turns before it that may be needed to understand it. */
export function readQuestion(
  question: string,
  turns: readonly string[],
  vocabulary: QuestionVocabulary,
): QuestionWords {
  return {
    own: [...questionWords(question, vocabulary), ...boundOf(question, vocabulary)],
    turns: turns
      .slice(-MAX_TURNS)
      .reverse()
      .map((text) => ({ text, words: questionWords(text, vocabulary) })),
  };
}

/**
 * Words of earlier turns that a follow-up needs: of the last question, and, as long as that is itself a follow-up, of the
 * one before. Turns without a subject, such as thanks, are passed over.
 */
export function contextOf(
  { own, turns }: QuestionWords,
  stopped: ReadonlySet<string>,
  vocabulary: QuestionVocabulary,
): QuestionWord[] {
  const known = new Set(own.map((entry) => entry.word));
  const context = new Map<string, QuestionWord>();
  let weight: number = weights.lastQuestion;
  for (const { text, words } of turns) {
    const content = words.filter(
      (entry) => (entry.isExact || entry.weight > weights.frame) && !stopped.has(entry.word),
    );
    if (content.length === 0) continue;
    for (const entry of content)
      if (!known.has(entry.word) && !context.has(entry.word))
        context.set(entry.word, { ...entry, weight: entry.weight * weight, synonyms: [], fromContext: true });
    if (!isFollowUp(text, words, stopped, vocabulary)) break;
    weight = weights.olderQuestion;
  }
  return [...context.values()].slice(0, MAX_WORDS);
}
