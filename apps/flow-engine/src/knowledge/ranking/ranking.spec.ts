import fc from 'fast-check';
import { effectiveWords, inverseDocumentFrequency } from './concepts.ts';
import { confidenceThreshold } from './parameters.ts';
import { isFollowUp, readQuestion } from './question.ts';
import { correctionOf, editDistance } from './spelling.ts';
import { headingSize, parseLexemes, placesOf, titleLength, withoutNumbering } from './terms.ts';
import { namesOf, wordsOf } from './tokens.ts';
import { QuestionVocabulary } from './vocabulary/index.ts';

const read = (question: string, turns: string[] = []) =>
  readQuestion(question, turns, new QuestionVocabulary(question, ['english']));

test('text and question share one form', () => {
  expect(wordsOf('Café – naïve, O’Brien’s "1,600"!')).toEqual([
    'cafe',
    'naive',
    'o',
    'brien',
    's',
    '1',
    '600',
  ]);
  expect(namesOf('Set max_size in app.conf or call round(x).').sort()).toEqual([
    'app.conf',
    'max_size',
    'round()',
  ]);
});

test('headings lose their numbers', () => {
  expect(withoutNumbering('13.3.2. Row Locks')).toBe('Row Locks');
  expect(withoutNumbering('Chapter 4. Syntax')).toBe('Syntax');
  expect(withoutNumbering('Appendix K. Limits')).toBe('Limits');
  expect(titleLength('9.2. The Care of the Cat')).toBe(2);
});

test('a tsvector is read with its places and weights', () => {
  const vector = "'index':1A,7 'write':2A 'lock':9";
  expect(parseLexemes(vector).get('index')).toEqual([1, 7]);
  expect(headingSize(vector)).toEqual({ lexemes: 2, lastPlace: 2 });
  expect(placesOf(vector, 'index')).toEqual({ places: [1, 7], inHeading: true });
  expect(placesOf(vector, 'lock')).toEqual({ places: [9], inHeading: false });
  expect(placesOf(vector, 'dex')).toBeNull();
});

test('rare words weigh more, and unknown ones most', () => {
  expect(inverseDocumentFrequency(1000, 900)).toBeLessThan(inverseDocumentFrequency(1000, 10));
  expect(inverseDocumentFrequency(1000, 0)).toBeGreaterThan(inverseDocumentFrequency(1000, 1));
});

test('a verb and its particle, or two words, are also looked up as one word', () => {
  const formsOf = (question: string, word: string): string[] | undefined =>
    read(question).own.find((entry) => entry.word === word)?.inflections;
  expect(formsOf('How do I shut the server down?', 'shut')).toContain('shutdown');
  expect(formsOf('How do I roll back to a check point?', 'roll')).toContain('rollback');
  expect(formsOf('How do I roll back to a check point?', 'point')).toContain('checkpoint');
});

test.each([
  ['and how do I undo it?', true],
  ['What about the price?', true],
  ['How long does it take?', true],
  ['Why?', true],
  ['How do I reset the password of my router?', false],
  ['Which ports does the firewall open for the mail server when it starts?', false],
])('%s points back: %s', (question, expected) => {
  expect(
    isFollowUp(
      question,
      read(question).own,
      new Set('how do i the of my does and it what why about for when'.split(' ')),
      new QuestionVocabulary(question, ['english']),
    ),
  ).toBe(expected);
});

test('typing errors find the word that was meant, other words do not', () => {
  expect(editDistance('recieve', 'receive')).toBe(1);
  expect(correctionOf('pasword', ['password', 'passage', 'patrol'])).toBe('password');
  expect(correctionOf('warranty', ['wanted', 'warning', 'quantity'])).toBeNull();
});

test('a text costs its length however its words look', () => {
  const seconds = (text: string): number => {
    const before = process.cpuUsage();
    namesOf(text);
    wordsOf(text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  for (const unit of ['a', '_', 'a_', 'a.', 'a(', '\u0301', '\u{10400}', '返', 'ก', '0 '])
    expect(seconds(unit.repeat(100_000))).toBeLessThan(2);
});

test('words are cut where no question goes, and never within a character', () => {
  expect(wordsOf(`short ${'a'.repeat(300)} end`).every((word) => word.length <= 100)).toBe(true);
  expect(
    wordsOf(`x${'\u{10400}'.repeat(80)}`)
      .join('')
      .isWellFormed(),
  ).toBe(true);
});

const LEXICON = (known: Record<string, number>) => ({
  lexemes: new Map<string, string[]>(),
  frequencies: new Map(Object.entries(known)),
});

test.each([
  ['What is CVE-2026-31337?', { 'cve-2026-31337': 1, cve: 2, 2026: 2, 31337: 1 }, ['cve-2026-31337']],
  // A neighbour is known by some of its parts: they do not count.
  ['What is CVE-2026-31338?', { 'cve-2026-31337': 1, cve: 2, 2026: 2, 31337: 1 }, ['cve-2026-31338']],
  // A part of a longer one.
  ['What is LR-4420?', { 'lr-4420-b': 1, lr: 1, 4420: 1 }, ['lr', '4420']],
  ['What is 0815?', { '4711-0815': 1, 4711: 1, '0815': 1 }, ['0815']],
])(
  'an identifier is asked for as a whole, or by parts that are all known: %s',
  (question, known, expected) => {
    const vocabulary = new QuestionVocabulary(question, ['english']);
    const stopped = new Map([
      ['what', []],
      ['is', []],
    ] as [string, string[]][]);
    const lexicon = { ...LEXICON(known), lexemes: stopped };
    const words = effectiveWords(question, readQuestion(question, [], vocabulary), lexicon, vocabulary);
    expect(words.map(({ word }) => word)).toEqual(expected);
  },
);

test.each([
  ['english', 'And how do I undo it?', 'How do I install firmware?', 'firmware'],
  ['german', 'Und wie mache ich das rückgängig?', 'Wie installiere ich Firmware?', 'firmware'],
  ['french', 'Et comment puis-je annuler ?', 'Comment installer le firmware ?', 'firmware'],
  ['spanish', '¿Y cómo puedo deshacerlo?', '¿Cómo instalo el firmware?', 'firmware'],
  ['english', 'और इसे कैसे रद्द करूँ?', 'फ़र्मवेयर कैसे लगाएँ?', 'फ़र्मवेयर'],
  ['english', 'وكيف ألغي ذلك؟', 'كيف أثبت البرنامج؟', 'البرنامج'],
  ['english', 'それはいつですか？', 'チェックインの時間を教えてください', 'チェ'],
])('a follow-up in %s takes the subject of the last question: %s', (language, question, turn, subject) => {
  const vocabulary = new QuestionVocabulary(question, [language as 'english']);
  const words = effectiveWords(question, readQuestion(question, [turn], vocabulary), LEXICON({}), vocabulary);
  expect(words.filter((word) => word.fromContext).map(({ word }) => word)).toContain(subject);
});

test.each([
  ['english', 'How do I restore a backup of my account?', 'How do I install firmware?'],
  ['german', 'Wie lange dauert die Lieferung nach Wien?', 'Wie installiere ich Firmware?'],
  ['english', 'पंप पर कितने साल की वारंटी है?', 'फ़र्मवेयर कैसे लगाएँ?'],
  ['english', '貸切風呂の料金はいくらですか', 'チェックインの時間を教えてください'],
])('a new question in %s takes nothing of the last one: %s', (language, question, turn) => {
  const vocabulary = new QuestionVocabulary(question, [language as 'english']);
  const words = effectiveWords(question, readQuestion(question, [turn], vocabulary), LEXICON({}), vocabulary);
  expect(words.filter((word) => word.fromContext)).toEqual([]);
});

test('thanks are passed over, and a follow-up of a follow-up goes back to its subject, no further', () => {
  const question = 'And how long does it take?';
  const turns = [
    'Which colours has the lamp?',
    'How do I install firmware?',
    'And how do I undo it?',
    'thanks',
  ];
  const vocabulary = new QuestionVocabulary(question, ['english']);
  const stops = 'and how does it take do i which has the thanks'
    .split(' ')
    .map((word) => [word, []] as [string, string[]]);
  const lexicon = { lexemes: new Map(stops), frequencies: new Map<string, number>() };
  const words = effectiveWords(question, readQuestion(question, turns, vocabulary), lexicon, vocabulary);
  const context = words.filter((word) => word.fromContext).map(({ word }) => word);
  expect(context).toContain('firmware');
  expect(context).not.toContain('lamp');
});

test('a small corpus needs less of the question than a large one', () => {
  expect(confidenceThreshold(1)).toBeLessThan(confidenceThreshold(20));
  expect(confidenceThreshold(20)).toBeLessThan(confidenceThreshold(10_000));
  expect(confidenceThreshold(10_000)).toBe(confidenceThreshold(1000));
});

test('a limit of edits changes no distance within it', () => {
  const word = fc.stringMatching(/^[abc]{0,8}$/u);
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 3 }), (one, other, limit) => {
      expect(editDistance(one, other, limit)).toBe(Math.min(limit + 1, editDistance(one, other)));
    }),
    { numRuns: 500 },
  );
});
