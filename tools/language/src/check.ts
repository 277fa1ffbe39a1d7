import type { Source } from './sources.ts';
import { sentencesOf, wordsOf } from './text.ts';
import { bannedTerms } from './terms.ts';

/** Longest sentence of a guide, in words. */
export const MAX_WORDS = 25;

/** The banned words of texts, each with the standard term. */
export function bannedWordsIn(sources: readonly Source[]): string[] {
  return sources.flatMap(({ file, passages }) =>
    passages.flatMap(({ line, text }) =>
      bannedTerms.flatMap(({ pattern, use }) => {
        const match = pattern.exec(text);
        return match ? [`${file}:${line} "${match[0]}": use ${use}. Text: ${excerpt(text)}`] : [];
      }),
    ),
  );
}

/** The sentences of texts that are too long. */
export function longSentencesIn(sources: readonly Source[]): string[] {
  return sources.flatMap(({ file, passages }) =>
    passages.flatMap(({ line, text }) =>
      sentencesOf(text)
        .filter((sentence) => wordsOf(sentence) > MAX_WORDS)
        .map((sentence) => `${file}:${line} ${wordsOf(sentence)} words: ${excerpt(sentence)}`),
    ),
  );
}

/** How long the sentences in the paragraphs and lists of each file are. */
export function lengthsOf(sources: readonly Source[]): Record<string, string | number>[] {
  const row = (file: string, some: readonly Source[]): Record<string, string | number> => {
    const paragraphs = some.flatMap(({ passages }) => passages.filter(({ isLabel }) => !isLabel));
    const words = paragraphs.flatMap(({ text }) => sentencesOf(text)).map(wordsOf);
    const total = words.reduce((sum, count) => sum + count, 0);
    const long = words.filter((count) => count > MAX_WORDS).length;
    return {
      file,
      sentences: words.length,
      'mean words': Number((total / Math.max(1, words.length)).toFixed(1)),
      [`% > ${MAX_WORDS} words`]: Number(((100 * long) / Math.max(1, words.length)).toFixed(1)),
    };
  };
  return [...sources.map((source) => row(source.file, [source])), row('all', sources)];
}

function excerpt(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length > 160 ? `${flat.slice(0, 160)}…` : flat;
}
