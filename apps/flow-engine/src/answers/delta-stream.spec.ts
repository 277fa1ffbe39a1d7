import fc from 'fast-check';
import { DeltaStream } from './delta-stream.ts';

const text = 'नमस्ते 👩🏽‍🚀 e\u0301te\u0301 🇩🇪🇫🇷 น้ำใจ 1\ufe0f\u20e3 கொடு\r\nend. «𠮷»';
const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
const boundaries = new Set([...segmenter.segment(text)].map(({ index }) => index).concat(text.length));

/** What is published of a text that comes in pieces. */
function publish(pieces: readonly string[]): { offset: number; text: string }[] {
  const published: { offset: number; text: string }[] = [];
  const stream = new DeltaStream((offset, piece) => published.push({ offset, text: piece }), { ms: null });
  stream.release();
  for (const piece of pieces) stream.add({ text: piece, voids: false });
  stream.end();
  return published;
}

describe('DeltaStream', () => {
  it('ends no delta inside a character, however the model cuts its answer', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 80 }), (lengths) => {
        const pieces: string[] = [];
        let from = 0;
        for (const length of lengths) pieces.push(text.slice(from, (from += length)));
        const published = publish([...pieces, text.slice(from)]);
        expect(published.map((one) => one.text).join('')).toBe(text);
        let offset = 0;
        for (const one of published) {
          expect(one.offset).toBe(offset);
          expect(boundaries).toContain((offset += one.text.length));
        }
      }),
    );
  });

  it('holds nothing back behind a word, and the end at the end', () => {
    expect(publish(['Hello', ' ', 'you', '.'])).toEqual([
      { offset: 0, text: 'Hell' },
      { offset: 4, text: 'o ' },
      { offset: 6, text: 'yo' },
      { offset: 8, text: 'u.' },
    ]);
    expect(publish(['Hi', '👩'])).toEqual([
      { offset: 0, text: 'H' },
      { offset: 1, text: 'i' },
      { offset: 2, text: '👩' },
    ]);
  });
});
