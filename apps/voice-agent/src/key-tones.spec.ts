import { toneCode } from './key-tones.ts';

describe('toneCode', () => {
  it.each([
    ['0', 0],
    ['9', 9],
    ['*', 10],
    ['#', 11],
    ['D', 15],
    ['w', null],
    ['12', null],
    ['', null],
  ])('of %p is %p', (digit, code) => {
    expect(toneCode(digit)).toBe(code);
  });
});
