import fc from 'fast-check';
import { Sentences } from './sentences.ts';

describe('Sentences', () => {
  it('gives a sentence when the next one begins', () => {
    const sentences = new Sentences();
    expect(sentences.push('You have thirty days. ')).toEqual([]);
    expect(sentences.push('Then')).toEqual(['You have thirty days. ']);
    expect(sentences.push(' it ends.')).toEqual([]);
    expect(sentences.end()).toEqual(['Then it ends.']);
  });

  it('does not cut inside a number, nor behind a very short sentence', () => {
    const sentences = new Sentences();
    expect([...sentences.push('Yes. It costs 3.50 in all. Good.'), ...sentences.end()]).toEqual([
      'Yes. It costs 3.50 in all. ',
      'Good.',
    ]);
  });

  it('cuts what is too long for one breath', () => {
    const sentences = new Sentences();
    const parts = [...sentences.push('word '.repeat(200)), ...sentences.end()];
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(240);
    expect(parts.join('')).toBe('word '.repeat(200));
  });

  it('loses nothing, however the text is cut into pieces', () => {
    const word = fc.constantFrom('Hello', ' ', '. ', '! ', '3.5', 'e.g. ', '\n', ', ', 'word '.repeat(60));
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 10 }), (pieces) => {
        const sentences = new Sentences();
        const parts = pieces.flatMap((piece) => sentences.push(piece.join('')));
        expect([...parts, ...sentences.end()].join('')).toBe(pieces.flat().join(''));
      }),
    );
  });
});
