import { toEmoji } from './emoji.ts';

describe('toEmoji', () => {
  it.each([
    ['👍', '👍'],
    ['👍\ufe0f', '👍'],
    ['❤', '❤\ufe0f'],
    ['❤\ufe0f', '❤\ufe0f'],
    ['❤\ufe0e', '❤\ufe0f'],
    ['☝🏽', '☝🏽'],
    ['☝\ufe0f🏽', '☝🏽'],
    ['👍🏽', '👍🏽'],
    ['1\u20e3', '1\ufe0f\u20e3'],
    ['#\ufe0f\u20e3', '#\ufe0f\u20e3'],
    ['🇩🇪', '🇩🇪'],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['🏳\u200d🌈', '🏳\ufe0f\u200d🌈'],
    ['❤\u200d🔥', '❤\ufe0f\u200d🔥'],
    ['👁\ufe0f\u200d🗨', '👁\ufe0f\u200d🗨\ufe0f'],
    ['👨\u200d👩\u200d👧\u200d👦', '👨\u200d👩\u200d👧\u200d👦'],
    ['👩🏽\u200d⚕', '👩🏽\u200d⚕\ufe0f'],
    ['©', '©\ufe0f'],
    ['\u{1faea}', '\u{1faea}'],
  ])('gives %j the form %j', (text, emoji) => {
    expect(toEmoji(text)).toBe(emoji);
    expect(toEmoji(emoji)).toBe(emoji);
  });

  it.each([
    '',
    'ok',
    '+1',
    '5',
    '#',
    '👍👍',
    '👍❤',
    '👍 ',
    '🏽',
    '🇩',
    '🇩🇪🇫🇷',
    '👍\u200d',
    '\u200d',
    '\ufe0f',
    'ह',
    ':)',
    'a👍',
    '\ud83d',
  ])('finds no single emoji in %j', (text) => expect(toEmoji(text)).toBeUndefined());

  it('knows every emoji of the Unicode data in its qualified form', () => {
    const all = new RegExp('^\\p{RGI_Emoji}$', 'v');
    let found = 0;
    for (let point = 0x23; point < 0x1fbff; point += 1) {
      for (const form of [String.fromCodePoint(point), `${String.fromCodePoint(point)}\ufe0f`]) {
        if (!all.test(form) || /\p{EMod}/u.test(form)) continue;
        found += 1;
        expect(toEmoji(form)).toBe(form);
      }
    }
    expect(found).toBeGreaterThan(1000);
  });
});
