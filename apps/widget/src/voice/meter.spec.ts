import { loudness } from './meter.ts';

describe('loudness', () => {
  it.each([
    [0, 0],
    [1e-6, 0],
    [10 ** -3.5, 0.5],
    [0.1, 1],
    [1, 1],
  ])('of a power of %d: %d', (power, expected) => {
    expect(loudness(power)).toBeCloseTo(expected);
  });
});
