import { inverseDocumentFrequency } from './concepts.ts';
import { isFollowUp, readQuestion } from './question.ts';
import { correctionOf, editDistance } from './spelling.ts';
import {
  cleanText,
  compoundsOf,
  headingSize,
  holdsName,
  parseLexemes,
  placesOf,
  titleLength,
  withoutNumbering,
} from './terms.ts';

test('text and question share one form', () => {
  expect(cleanText('Café – naïve, O’Brien’s "1,600"!')).toBe('cafe naive o brien s 1 600');
  expect(compoundsOf('Set max_size in app.conf or call round(x).')).toEqual([
    'max_size',
    'app.conf',
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

test.each([
  ['set max_size in app.conf.', 'max_size', true],
  ['set my_max_size', 'max_size', false],
  ['set max_size_limit, then max_size', 'max_size', true],
  ['in app.conf.', 'app.conf', true],
  ['call round(x)', 'round()', true],
  ['call around(x)', 'round()', false],
  ['a round number', 'round()', false],
])('"%s" holds the name %s: %s', (text, name, expected) => {
  expect(holdsName(text, name)).toBe(expected);
});

test('rare words weigh more, and unknown ones most', () => {
  expect(inverseDocumentFrequency(1000, 900)).toBeLessThan(inverseDocumentFrequency(1000, 10));
  expect(inverseDocumentFrequency(1000, 0)).toBeGreaterThan(inverseDocumentFrequency(1000, 1));
});

test('a verb and its particle, or two words, are also looked up as one word', () => {
  const formsOf = (question: string, word: string): string[] | undefined =>
    readQuestion(question, []).own.find((entry) => entry.word === word)?.inflections;
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
      readQuestion(question, []).own,
      new Set('how do i the of my does and it what why about for when'.split(' ')),
    ),
  ).toBe(expected);
});

test('typing errors find the word that was meant, other words do not', () => {
  expect(editDistance('recieve', 'receive')).toBe(1);
  expect(correctionOf('pasword', ['password', 'passage', 'patrol'])).toBe('password');
  expect(correctionOf('warranty', ['wanted', 'warning', 'quantity'])).toBeNull();
});

test('names are found as they are written, and a text costs its length however its words look', () => {
  expect(compoundsOf('_lead.ing_ a..b_c 1abc( x_2( pg_dump(now) v1.2.3 é.è')).toEqual([
    ...['lead.ing', 'b_c', 'x_2', 'pg_dump', 'v1.2.3', 'é.è'].filter((name) => /\p{L}{2}/u.test(name)),
    ...['abc()', 'x_2()', 'pg_dump()'].filter((name) => /\p{L}{2}/u.test(name)),
  ]);
  const seconds = (text: string): number => {
    const before = process.cpuUsage();
    compoundsOf(text);
    cleanText(text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  for (const unit of ['a', '_', 'a_', 'a.', 'a(', '\u0301', '\u{10400}'])
    expect(seconds(unit.repeat(250_000))).toBeLessThan(2);
});

test('words are cut where no question goes, and never within a character', () => {
  expect(cleanText(`short ${'a'.repeat(300)} end`)).toBe(`short ${'a'.repeat(100)} end`);
  expect(cleanText(`x${'\u{10400}'.repeat(80)}`).isWellFormed()).toBe(true);
});
