import { keySound } from './key-sound.ts';

/** How much of a frequency is in a sound (Goertzel). */
function power(samples: Int16Array, hertz: number, rate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let [one, two] = [0, 0];
  for (const sample of samples) [one, two] = [sample + coefficient * one - two, one];
  return one * one + two * two - coefficient * one * two;
}

describe('The sound of a key', () => {
  it.each([
    ['1', 697, 1209],
    ['5', 770, 1336],
    ['9', 852, 1477],
    ['#', 941, 1477],
    ['*', 941, 1209],
    ['D', 941, 1633],
  ])('%s is its two tones', (digit, row, column) => {
    const tone = keySound(digit, 8000).subarray(0, 800);
    const all = [697, 770, 852, 941, 1209, 1336, 1477, 1633];
    const loudest = all.toSorted((a, b) => power(tone, b, 8000) - power(tone, a, 8000)).slice(0, 2);
    expect(loudest.toSorted((a, b) => a - b)).toEqual([row, column]);
    expect(keySound(digit, 8000)).toHaveLength(1280);
  });

  it('is nothing for what is no key', () => {
    expect(keySound('E', 8000)).toHaveLength(0);
    expect(keySound('', 8000)).toHaveLength(0);
    expect(keySound('12', 8000)).toHaveLength(0);
  });
});
