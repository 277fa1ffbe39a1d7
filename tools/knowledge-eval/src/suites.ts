import { corpora } from './corpora/index.ts';
import type { Corpus } from './corpora/corpus.ts';
import type { Suite } from './evaluation.ts';
import type { Manual } from './manual.ts';
import { answerableQuestions, unanswerableQuestions } from './questions.ts';

/** The manual with its 80 questions. */
export function manualSuite(manual: Manual): Suite {
  return {
    name: `postgresql-doc-15 ${manual.version}, ${manual.pages.length} pages`,
    pages: manual.pages,
    questions: [...answerableQuestions, ...unanswerableQuestions],
  };
}

function corpusSuite({ language, documents, answerable, unanswerable }: Corpus): Suite {
  const urlOf = (name: string): string => `https://${language.toLowerCase()}.example/${name}`;
  return {
    name: `${language}, ${documents.length} documents`,
    pages: documents.map(({ name, title, text }) => ({
      url: urlOf(name),
      title,
      mediaType: 'text/markdown',
      text,
    })),
    questions: [
      ...answerable.map((one) => ({
        question: one.question,
        urls: one.documents.map(urlOf),
        words: [one.words],
        withoutTitleWords: one.isReworded,
        heldOut: one.heldOut,
      })),
      ...unanswerable,
    ],
  };
}

/** The small corpora with their 30 questions each. */
export const corpusSuites: readonly Suite[] = corpora.map(corpusSuite);
