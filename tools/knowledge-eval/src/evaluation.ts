import type { AnswerableQuestion, UnanswerableQuestion } from './questions.ts';

/** A document that is asked about. */
export interface Page {
  /** What citations of it name. */
  url: string;
  title: string;
  mediaType: 'text/html' | 'text/markdown';
  text: string;
}

/** Documents with the questions that are asked of them. */
export interface Suite {
  name: string;
  pages: readonly Page[];
  questions: readonly (AnswerableQuestion | UnanswerableQuestion)[];
}

/** A source that an answer names. */
export interface GivenCitation {
  url: string | null;
  quote: string;
  /** The stored passage it says it quotes; null where there is no such passage. */
  passageText: string | null;
}

export interface Progress {
  queued: number;
  ingesting: number;
  ready: number;
  failed: number;
}

/** What is evaluated: the knowledge base in this process, or an installation over its API. */
export interface Target {
  add(page: Page): Promise<void>;
  progress(): Promise<Progress>;
  /** The citations of the answer, best first; null where it said that it does not know. */
  ask(question: string): Promise<GivenCitation[] | null>;
  close(): Promise<void>;
}

/** One question and what came of it. */
export interface Outcome {
  question: string;
  heldOut: boolean;
  answerable: boolean;
  withoutTitleWords: boolean;
  declined: boolean;
  /** 1 where the first citation is a right page, 0 where none is. */
  rank: number;
  verbatim: boolean;
  holdsWords: boolean;
  milliseconds: number;
  citations: GivenCitation[];
}

const holds = (quote: string, words: readonly string[]): boolean =>
  words.every((word) =>
    word.split('|').some((alternative) => quote.toLowerCase().includes(alternative.toLowerCase())),
  );

const isVerbatim = (citation: GivenCitation): boolean =>
  citation.quote !== '' && citation.passageText !== null && citation.passageText.includes(citation.quote);

const POLL_MS = 250;

/** Adds every page and waits until all are read; `show` is told how far it is. */
export async function ingest(
  target: Target,
  pages: readonly Page[],
  show: (progress: Progress) => void,
): Promise<Progress> {
  let added = false;
  const adding = (async () => {
    for (const page of pages) {
      await target.add(page);
    }
    added = true;
  })();
  const watch = async (): Promise<Progress> => {
    for (;;) {
      const progress = await target.progress();
      show(progress);
      if (added && progress.queued + progress.ingesting === 0) {
        return progress;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const [progress] = await Promise.all([watch(), adding]);
  return progress;
}

async function ask(target: Target, question: AnswerableQuestion | UnanswerableQuestion): Promise<Outcome> {
  const started = performance.now();
  const citations = await target.ask(question.question);
  const milliseconds = performance.now() - started;
  const urls = 'urls' in question ? question.urls : [];
  const [first] = citations ?? [];
  return {
    question: question.question,
    heldOut: question.heldOut,
    answerable: 'urls' in question,
    withoutTitleWords: 'urls' in question && question.withoutTitleWords,
    declined: citations === null,
    rank: (citations ?? []).findIndex((citation) => citation.url !== null && urls.includes(citation.url)) + 1,
    verbatim: (citations ?? []).every(isVerbatim),
    holdsWords: first !== undefined && 'words' in question && holds(first.quote, question.words),
    milliseconds,
    citations: citations ?? [],
  };
}

/** Asks every question, one after another. */
export async function askAll(
  target: Target,
  questions: readonly (AnswerableQuestion | UnanswerableQuestion)[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const question of questions) {
    outcomes.push(await ask(target, question));
  }
  return outcomes;
}
