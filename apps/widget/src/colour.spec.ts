import { readableOn } from './colour.ts';

describe('readableOn', () => {
  it.each([
    ['#2f5bea', '#ffffff'],
    ['#000', '#ffffff'],
    ['#ffd400', '#101217'],
    ['#fff8', '#101217'],
    ['#ff7a00ff', '#101217'],
  ])('on %s: %s', (colour, text) => {
    expect(readableOn(colour)).toBe(text);
  });
});
