import { inkOf, readableOn } from './colour.ts';

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

describe('inkOf', () => {
  /** Luminance of WCAG 2.2, from channels between 0 and 1. */
  const luminanceOf = (hex: string): number => {
    const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
    const [red = 0, green = 0, blue = 0] = channels.map((one) =>
      one > 0.04045 ? Math.pow((one + 0.055) / 1.055, 2.4) : one / 12.92,
    );
    return red * 0.2126 + green * 0.7152 + blue * 0.0722;
  };

  it.each(['#ffd400', '#2f5bea', '#fff', '#000000', '#7fd', '#ff7a00ff'])(
    'of %s is read on both papers',
    (colour) => {
      const [white, black] = [luminanceOf('#ffffff'), luminanceOf('#16191f')];
      expect((white + 0.05) / (luminanceOf(inkOf(colour, 'light')) + 0.05)).toBeGreaterThan(4.5);
      expect((luminanceOf(inkOf(colour, 'dark')) + 0.05) / (black + 0.05)).toBeGreaterThan(4.5);
    },
  );

  it('is the colour itself where that is read well enough', () => {
    expect([inkOf('#2f5bea', 'light'), inkOf('#ffd400', 'dark')]).toEqual(['#2f5bea', '#ffd400']);
  });
});
