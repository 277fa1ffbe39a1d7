import fc from 'fast-check';
import { characterBoundary, piecesOf, truncate } from './cut.ts';

const samples: readonly (readonly [what: string, text: string])[] = [
  ['emoji', '👩🏽‍🚀👨‍👩‍👧‍👦🏳️‍🌈🇩🇪🇫🇷1️⃣'],
  ['Devanagari', 'किताब क्षत्रिय हिन्दी'],
  ['Thai', 'น้ำใจที่นี่'],
  ['Tamil', 'கொடுத்தான்'],
  ['Arabic with vowel signs', 'مُحَمَّدٌ'],
  ['decomposed Latin', 'Zu\u0308rich e\u0301te\u0301'],
  ['decomposed Hangul', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
  ['line ends', 'a\r\nb\r\nc'],
  ['rare Han', '𠮷野家𩸽'],
];

const charactersOf = (text: string): string[] =>
  [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment);

const boundariesOf = (text: string): Set<number> => {
  let at = 0;
  return new Set([0, ...charactersOf(text).map((character) => (at += character.length))]);
};

describe('characterBoundary', () => {
  it.each(samples)('finds the ends of characters of %s', (_what, text) => {
    const boundaries = boundariesOf(text);
    for (let index = -1; index <= text.length + 1; index += 1) {
      const found = characterBoundary(text, index);
      expect(boundaries.has(found)).toBe(true);
      const inside = Math.min(text.length, Math.max(0, index));
      expect(found).toBe(Math.max(...[...boundaries].filter((boundary) => boundary <= inside)));
    }
  });

  it('reads a long row of flags from its start', () => {
    const flags = `a${'🇩🇪'.repeat(500)}`;
    for (let index = 1; index < flags.length; index += 1)
      expect((characterBoundary(flags, index) - 1) % 4).toBe(0);
  });

  it('cuts a character without end between code points', () => {
    const endless = `e${'\u0301'.repeat(5000)}`;
    expect(characterBoundary(endless, 3000)).toBe(3000);
  });
});

describe('truncate', () => {
  it.each(samples)('keeps whole characters of %s', (_what, text) => {
    for (let length = 1; length <= text.length; length += 1) {
      const short = truncate(text, length);
      expect(short.length).toBeLessThanOrEqual(length);
      expect(short.isWellFormed()).toBe(true);
      const kept = short === text ? text : short.replace(/…$/, '');
      expect(boundariesOf(text).has(kept.length) || /\s$/.test(text.slice(0, kept.length + 1))).toBe(true);
    }
  });

  it('leaves what fits as it is, and marks what does not', () => {
    expect(truncate('five!', 5)).toBe('five!');
    expect(truncate('sixth!', 5)).toBe('sixt…');
    expect(truncate('one two', 5)).toBe('one…');
    expect(truncate('sixth!', 5, '')).toBe('sixth');
    expect(truncate('sixth!', 0)).toBe('');
  });
});

describe('piecesOf', () => {
  it('loses nothing and splits no character, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, length) => {
        const pieces = piecesOf(text, length);
        expect(pieces.join('')).toBe(text);
        expect(pieces.every((piece) => piece.length <= Math.max(length, 2) && piece.isWellFormed())).toBe(
          true,
        );
      }),
    );
  });

  it('is quick with a million emoji', () => {
    expect(piecesOf('🇩🇪'.repeat(250_000), 1000)).toHaveLength(1000);
    expect(piecesOf('👩🏽‍🚀'.repeat(150_000), 1000)).toHaveLength(Math.ceil(150_000 / 142));
  });
});
