import { splitSentences } from './sentences.ts';

function split(text: string): string[] {
  const spans = splitSentences(text);
  return spans.flatMap((start, index) => (index % 2 === 0 ? [text.slice(start, spans[index + 1])] : []));
}

test('abbreviations, initials, numbers and list numbers end no sentence', () => {
  expect(
    split('Use a backup, e.g. Monday. See Fig. 3 by J. Smith. It costs 3.50 now. 1. First point.'),
  ).toEqual([
    'Use a backup, e.g. Monday.',
    'See Fig. 3 by J. Smith.',
    'It costs 3.50 now.',
    '1. First point.',
  ]);
});

test('a line break ends a sentence, and no text is lost', () => {
  const text = 'name | size\nsmall | 3\n\nIs it? Yes! "Really." Good.';
  expect(split(text)).toEqual(['name | size', 'small | 3', 'Is it?', 'Yes!', '"Really."', 'Good.']);
});

test('a line of eight million letters is split in time', () => {
  const started = performance.now();
  splitSentences('a'.repeat(8_000_000));
  expect(performance.now() - started).toBeLessThan(5000);
});
