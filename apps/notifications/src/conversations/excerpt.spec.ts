import { excerptOf, singleLineName } from './excerpt.ts';

describe('excerptOf', () => {
  it('leaves a short text as it is, lines included', () => {
    expect(excerptOf('  One\nTwo  ')).toBe('One\nTwo');
  });

  it('cuts between characters as people see them', () => {
    const family = '👨‍👩‍👧‍👦';
    expect(excerptOf(family.repeat(3), 2)).toBe(`${family.repeat(2)}…`);
    expect(excerptOf('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301e\u0301…');
  });

  it('stays short, however much one character is made of', () => {
    expect(excerptOf(`a${'\u0301'.repeat(50_000)}`).length).toBeLessThanOrEqual(2001);
    expect(excerptOf('😀'.repeat(5000)).isWellFormed()).toBe(true);
  });

  it('drops what is invisible and turns the direction of text', () => {
    expect(excerptOf('a\u202eb\u0000c\u2066d')).toBe('abcd');
    expect(singleLineName('Ann\r\nBcc: eve')).toBe('Ann Bcc: eve');
  });
});
