import { rerank } from './rerank.ts';
import type { Candidate, Concept } from './types.ts';

const concept = (word: string, change: Partial<Concept> = {}): Concept => ({
  ...{ word, forms: [{ lexeme: word, weight: 1 }], weight: 1, idf: 3, known: true },
  ...{ fromContext: false, isExact: false },
  ...change,
});

const candidate = (documentId: string, words: string[]): Candidate => ({
  passage: {
    ...{ documentId, title: documentId, url: null, passageId: documentId, position: 1 },
    ...{ headingPath: [documentId], text: words.join(' '), sentences: [], segmenterVersion: 1 },
    lexemes: words.map((word, place) => `'${word}':${place + 1}`).join(' '),
  },
  score: 1,
  documentLexemes: new Set(words),
  titleLexemes: new Set(),
  lexemes: new Set(words),
});

test('a follow-up is answered by what it asks anew, not by the subject of before', () => {
  const concepts = [
    concept('refund'),
    concept('shipping', { fromContext: true, weight: 0.6 }),
    concept('cost', { fromContext: true, weight: 0.6 }),
  ];
  const ranked = rerank(
    [candidate('shipping', ['shipping', 'cost']), candidate('refunds', ['refund'])],
    concepts,
    '',
  );
  expect(ranked.map(({ passage }) => passage.documentId)).toEqual(['refunds', 'shipping']);
});

test('of two that hold what is asked anew, the one on the subject of before is first', () => {
  const concepts = [concept('price'), concept('lamp', { fromContext: true, weight: 0.6 })];
  const ranked = rerank([candidate('hubs', ['price']), candidate('lamps', ['price', 'lamp'])], concepts, '');
  expect(ranked[0]?.passage.documentId).toBe('lamps');
});

test('a name has no place in the vector, and covers the question all the same', () => {
  const [ranked] = rerank(
    [{ ...candidate('advisories', ['patch']), lexemes: new Set(['patch', 'cve-2026-31337']) }],
    [concept('cve-2026-31337', { isExact: true })],
    '',
  );
  expect(ranked?.coverage).toBe(1);
});

test('the sentence that defines what is asked leads, however often others name it', () => {
  const found = candidate('readme', ['parley', 'is', 'a', 'platform']);
  const defining = { ...found, passage: { ...found.passage, sentences: [0, 22] }, score: 0.1 };
  const ranked = rerank([candidate('install', ['parley']), defining], [concept('parley')], 'What is Parley?');
  expect(ranked[0]?.passage.documentId).toBe('readme');
});

test('a passage with the very words of the question leads', () => {
  const question = 'What happens to an event that fails again and again?';
  const concepts = [concept('event'), concept('fails')];
  const words = 'an event or task that fails again and again is parked'.split(' ');
  const ranked = rerank(
    [candidate('notifications', ['event', 'fails']), candidate('dlq', words)],
    concepts,
    question,
  );
  expect(ranked[0]?.passage.documentId).toBe('dlq');
});

test('the very words of the question count nothing where most of the question is missing', () => {
  const question = 'How do I kill a query that is running for too long on my server?';
  const concepts = ['kill', 'query', 'running', 'server'].map((word) => concept(word));
  const repeating = candidate('waits', 'a script that is running for too long'.split(' '));
  expect(rerank([repeating], concepts, question)).toEqual(rerank([repeating], concepts, ''));
});
