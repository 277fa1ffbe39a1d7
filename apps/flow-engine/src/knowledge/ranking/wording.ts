import type { Concept } from './types.ts';

/** What a question shares with a text in its very words, stop words included. */

/** Shorter runs of words are found everywhere. */
const LEAST_RUN = 4;

/** Sentences, with the mark of those that are questions: each is read once, so that a text costs its length. */
const sentences = /[^.!?？؟\n"]+([?？؟])?/gu;

/** A question in a text answers nothing, such as the suggested questions of an example. */
const withoutQuestions = (text: string): string =>
  text.replace(sentences, (sentence: string, mark: string | undefined) =>
    mark === undefined ? sentence : ' ',
  );

const plainWords = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** Measures the longest run of the question's words that a text repeats, as a share (0 to 1) of the question. */
export function createRunMeasure(question: string, concepts: readonly Concept[]): (text: string) => number {
  const words = plainWords(question);
  if (words.length < LEAST_RUN) return () => 0;
  const subjects = new Set(
    concepts.filter(({ weight, fromContext }) => !fromContext && weight >= 0.4).map(({ word }) => word),
  );
  const run = (from: number, length: number): string[] => words.slice(from, from + length);
  const isPartOf = (text: string, from: number, length: number): boolean =>
    from + length <= words.length && text.includes(` ${run(from, length).join(' ')} `);
  return (passage) => {
    const text = ` ${plainWords(withoutQuestions(passage)).join(' ')} `;
    let longest = 0;
    for (let from = 0; from + LEAST_RUN <= words.length; from += 1) {
      let length = LEAST_RUN;
      while (isPartOf(text, from, length)) length += 1;
      length -= 1;
      const isSubject = length >= LEAST_RUN && run(from, length).some((word) => subjects.has(word));
      longest = isSubject ? Math.max(longest, length) : longest;
    }
    return longest / words.length;
  };
}

const MAX_SUBJECT = 60;

/** Questions for a definition in the languages of the demo; the only group is the subject. */
const asksDefinition: RegExp[] = [
  /(?:^|[,.!;:]\s*)(?:and |so |but )?(?:what(?: exactly)?(?: is|'s|’s| are)|define|what (?:do|does) you mean by)(?: exactly)? (?:an? |the )?([^,.!?;:]+?)(?: exactly)?\s*[?.!]*$/iu,
  /(?:^|[,.!;:]\s*)what does (?:an? |the )?([^,.!?;:]+?) mean\s*[?.!]*$/iu,
  /(?:^|[,.!;:]\s*)was (?:genau )?(?:ist|sind) (?:eigentlich |genau )?(?:ein |eine |der |die |das )?([^,.!?;:]+?)\s*[?.!]*$/iu,
  /(?:^|[,.!;:¿]\s*)qu[eé] (?:es|son) (?:un |una |el |la |los |las )?([^,.!?;:]+?)\s*[?.!]*$/iu,
  /(?:^|[,.!;:]\s*)(?:qu['’]est[- ]ce (?:que |qu['’])|c['’]est quoi )(?:un |une |le |la |les |l['’])?([^,.!?;:]+?)\s*[?.!]*$/iu,
  /^\s*([^,.!?;:।]+?) क्या (?:है|हैं|होता है|होती है)\s*[?।.!]*$/u,
  /(?:^|[،,.!;:]\s*)(?:ما هو|ما هي|ما معنى) ([^،,.!?؟;:]+?)\s*[؟?.!]*$/u,
];

/** What follows the subject where it is defined. */
const COPULA =
  '(?: \\([^)]*\\))?,? (?:(?:is|are|means) (?:an? |the |one of )|ist (?:ein|eine|der|die|das) |sind |es (?:un|una|el|la) |son |est (?:un|une|le|la) |sont |एक |هو |هي )';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Tells whether a sentence defines what the question asks for: "Parley is a …" for "What is Parley?". */
export function createDefinitionTest(question: string): (sentence: string) => boolean {
  const subject = asksDefinition.map((pattern) => pattern.exec(question)?.[1]?.trim()).find(Boolean);
  if (subject === undefined || subject.length > MAX_SUBJECT) return () => false;
  const singular = subject.replace(/(?<=\p{L}{3})s$/u, '');
  const definition = new RegExp(
    `^(?:an? |the |ein |eine |der |die |das |une? |una |el |la |le |l['’])?${escaped(singular)}s?${COPULA}`,
    'iu',
  );
  return (sentence) => definition.test(sentence);
}
