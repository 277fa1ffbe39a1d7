import { latinLanguageOf, littleWordsOf, type LatinLanguage, withoutArticle } from '../languages.ts';
import { wordsOf } from '../tokens.ts';
import { arabic } from './arabic.ts';
import { eastAsian, korean } from './east-asian.ts';
import { english } from './english.ts';
import { german } from './german.ts';
import { hindi } from './hindi.ts';
import { others } from './others.ts';
import { french, spanish } from './romance.ts';
import type { Vocabulary } from './vocabulary.ts';

export type { Vocabulary } from './vocabulary.ts';

const vocabularies: readonly Vocabulary[] = [
  ...[english, german, french, spanish, arabic, hindi, eastAsian, korean],
  ...others,
];

/** Words of their scripts are of no other language. */
const ofScripts: readonly (readonly [letters: RegExp, languages: readonly string[]])[] = [
  [/\p{Script=Arabic}/u, ['arabic']],
  [/\p{Script=Devanagari}/u, ['hindi']],
  [/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u, ['ideographs']],
  [/\p{Script=Hangul}/u, ['hangul']],
  [/\p{Script=Cyrillic}/u, ['russian']],
  [/\p{Script=Thai}/u, ['thai']],
];

/** What is known of the languages of a question. */
export class QuestionVocabulary {
  readonly languages: readonly LatinLanguage[];
  private readonly used: readonly Vocabulary[];

  /** @param corpus languages that the corpus has Latin text in: without it, a question has nothing to be read in */
  constructor(question: string, corpus: readonly LatinLanguage[]) {
    const told = latinLanguageOf(wordsOf(question).slice(0, 200));
    this.languages = told !== null && corpus.includes(told) ? [told] : corpus;
    const names = new Set<string>(this.languages);
    for (const [letters, languages] of ofScripts)
      if (letters.test(question)) for (const language of languages) names.add(language);
    this.used = vocabularies.filter(({ language }) => names.has(language));
  }

  isStop(word: string): boolean {
    return (
      this.used.some(({ stop }) => stop.has(word)) ||
      this.languages.some((language) => language !== 'english' && littleWordsOf(language).has(word))
    );
  }

  isFrame(word: string): boolean {
    return this.used.some(({ frame }) => frame.has(word));
  }

  isDegree(word: string): boolean {
    return this.used.some(({ degrees }) => degrees.has(word));
  }

  /** The word that asks how much of something there is: "how long". */
  askedDegreeIn(question: string): string | null {
    for (const { askedDegree } of this.used) {
      const [, word] = askedDegree?.exec(question) ?? [];
      if (word !== undefined) return word.toLowerCase();
    }
    return null;
  }

  isParticle(word: string): boolean {
    return this.used.some(({ particles }) => particles.has(word));
  }

  isPointer(word: string): boolean {
    return this.used.some(({ pointers }) => pointers.has(word));
  }

  /** Whether the question begins as one that continues the last one. */
  continues(question: string): boolean {
    return this.used.some(({ continuation }) => continuation.test(question));
  }

  synonymsOf(word: string): string[] {
    return this.used.flatMap(({ language, synonymGroups }) =>
      language === 'english'
        ? othersOf(synonymGroups, word)
        : othersOf(synonymGroups, withoutArticle(word), isFormOf),
    );
  }

  inflectionsOf(word: string): string[] {
    return this.used.flatMap(({ inflections }) => othersOf(inflections, word));
  }

  /** Words under which a question for a bound is answered. */
  boundWordsFor(question: string): readonly string[] {
    return this.used.find(({ bound }) => bound?.question.test(question))?.bound?.words ?? [];
  }
}

const isSame = (one: string, other: string): boolean => one === other;

const LEAST_STEM = 4;
const LONGEST_ENDING = 3;

/** Whether one word is the other with an ending: "Rechnungen" is a form of "Rechnung". */
function isFormOf(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return (
    short === long ||
    (short.length >= LEAST_STEM && long.length - short.length <= LONGEST_ENDING && long.startsWith(short))
  );
}

function othersOf(
  groups: readonly (readonly string[])[],
  word: string,
  matches: (one: string, other: string) => boolean = isSame,
): string[] {
  return groups
    .filter((group) => group.some((one) => matches(one, word)))
    .flatMap((group) => group.filter((other) => other !== word));
}
