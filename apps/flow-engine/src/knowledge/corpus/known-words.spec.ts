import fc from 'fast-check';
import { KnownWords } from './known-words.ts';

const known = (...words: string[]): KnownWords => new KnownWords(words.sort().join('\n'));

test('compounds begin or end with the word, or are parts of it, the nearest in length first', () => {
  const words = known(
    'kosten',
    'kostenlos',
    'porto',
    'versand',
    'versandkosten',
    'versandkostenfrei',
    'sand',
  );
  expect(words.compoundsOf('kosten')).toEqual(['kostenlos', 'versandkosten']);
  expect(words.compoundsOf('versandkosten')).toEqual(
    ['versandkostenfrei', 'versand', 'kosten'].sort(byNearness('versandkosten')),
  );
  expect(known().compoundsOf('kosten')).toEqual([]);
});

const byNearness =
  (word: string) =>
  (one: string, other: string): number =>
    Math.abs(one.length - word.length) - Math.abs(other.length - word.length) || (one < other ? -1 : 1);

test('finds what a look at every word finds', () => {
  const word = fc.stringMatching(/^[abcß]{1,9}$/u);
  fc.assert(
    fc.property(fc.uniqueArray(word, { maxLength: 60 }), word, (all, asked) => {
      const isNear = (other: string): boolean =>
        other !== asked &&
        (other.startsWith(asked) ||
          other.endsWith(asked) ||
          (other.length >= 5 && (asked.startsWith(other) || asked.endsWith(other))));
      const expected = all.filter(isNear).sort(byNearness(asked)).slice(0, 12);
      expect(known(...all).compoundsOf(asked)).toEqual(expected);
      const alike = all.filter((other) => Math.abs(other.length - asked.length) <= 2);
      expect(
        known(...all)
          .ofAbout(asked.length, 2)
          .sort(),
      ).toEqual(alike.sort());
    }),
    { numRuns: 300 },
  );
});
