import { corpora } from './corpora/index.ts';
import type { Outcome } from './evaluation.ts';
import { answerableQuestions, unanswerableQuestions } from './questions.ts';
import { failures, misses, report } from './report.ts';

const outcome = (changed: Partial<Outcome>): Outcome => ({
  question: 'How long?',
  heldOut: false,
  answerable: true,
  withoutTitleWords: false,
  declined: false,
  rank: 1,
  verbatim: true,
  holdsWords: true,
  milliseconds: 10,
  citations: [],
  ...changed,
});
const declined = outcome({ answerable: false, declined: true, rank: 0, holdsWords: false });

test('the questions keep their numbers: half of them without words of the title, ten of each kind held out', () => {
  const titleless = answerableQuestions.filter((question) => question.withoutTitleWords);
  expect(answerableQuestions).toHaveLength(50);
  expect(unanswerableQuestions).toHaveLength(30);
  expect(answerableQuestions.filter((question) => question.heldOut)).toHaveLength(10);
  expect(unanswerableQuestions.filter((question) => question.heldOut)).toHaveLength(10);
  expect(titleless).toHaveLength(25);
  expect(titleless.filter((question) => question.heldOut)).toHaveLength(5);
});

test('good outcomes are within every limit', () => {
  expect(failures([outcome({}), declined])).toEqual([]);
});

test('each limit is seen when it is passed', () => {
  const wrong = outcome({ rank: 0, verbatim: false, holdsWords: false });
  const refused = outcome({ declined: true, rank: 0, holdsWords: false });
  const invented = outcome({ answerable: false, rank: 0, holdsWords: false });
  expect(failures([wrong, declined]).map((line) => line.split(':')[0])).toEqual([
    'right page cited first',
    'right page among three',
    'quotes verbatim',
    'quote holds the words',
  ]);
  expect(failures([outcome({}), refused, declined]).join()).toContain('answerable declined');
  expect(failures([outcome({}), invented]).join()).toContain('unanswerable declined');
});

test('held-out questions are counted apart and never listed', () => {
  const hidden = outcome({ heldOut: true, rank: 0, question: 'A hidden question' });
  expect(misses([hidden])).toBe('');
  expect(report([outcome({}), hidden, declined])).toMatch(
    /right page cited first\s+1\/1 100 %\s+0\/1 0 %\s+1\/2 50 %/,
  );
});

test('each small corpus asks 20 answerable questions, half of them reworded, and 10 unanswerable ones', () => {
  for (const { documents, answerable, unanswerable } of corpora) {
    expect(answerable).toHaveLength(20);
    expect(answerable.filter((one) => one.isReworded)).toHaveLength(10);
    expect(answerable.filter((one) => one.heldOut)).toHaveLength(5);
    expect(unanswerable).toHaveLength(10);
    expect(unanswerable.filter((one) => one.heldOut)).toHaveLength(3);
    const names = new Set(documents.map(({ name }) => name));
    for (const one of answerable) for (const name of one.documents) expect(names).toContain(name);
  }
});
