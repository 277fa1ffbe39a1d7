import { contentWordsOf, pairsOfWord } from './ideographs.ts';
import { countPlaces, namesAsked, namesOf, tokensOf, wordsOf } from './tokens.ts';

const formsOf = (text: string): string[] => [...tokensOf(text)].map(({ form }) => form);

test.each([
  ['Latin with marks', 'Café Ångström', ['cafe', 'angstrom', 'aangstroem']],
  ['German', 'Rückgabe, Straße', ['ruckgabe', 'rueckgabe', 'strasse']],
  ['Greek', 'Εγγύηση', ['εγγυηση']],
  ['Cyrillic', 'Ёлка, йод', ['елка', 'иод']],
  ['Arabic', 'الإرجاعُ', ['الارجاع']],
  ['Hebrew', 'הַחְזָרָה', ['החזרה']],
  ['Devanagari, with its vowel signs', 'वापसी की', ['वापसी', 'की']],
  ['Tamil', 'உத்தரவாதம்', ['உத்தரவாதம்']],
  ['Han', '返品期限', ['返品', '返', '品期', '品', '期限', '期', '限']],
  ['kana, with its voicing', 'ポイント', ['ポイ', 'イン', 'ント', 'ト']],
  ['Hangul', '반품은', ['반품', '반', '품은', '품', '은']],
  ['Thai', 'คืนสินค้า', ['คืน', 'สินค้า']],
])('%s', (_script, text, forms) => {
  for (const form of forms) expect(formsOf(text)).toContain(form);
});

test.each([
  ['CVE-2026-31337', ['cve-2026-31337'], ['cve', '2026', '31337']],
  ['4711-0815', ['4711-0815'], ['4711', '0815']],
  ['LR-4420-B', ['lr-4420-b'], ['lr', '4420', 'b']],
  ['shared_buffers', ['shared_buffers'], ['shared', 'buffers']],
  ['app.conf', ['app.conf'], ['app', 'conf']],
  ['v1.2.3', ['v1.2.3', '1.2.3'], ['2', '3']],
  ['round(x)', ['round()'], ['round', 'x']],
])('%s is kept whole, and found by its parts', (text, names, parts) => {
  for (const name of names) expect(namesOf(text)).toContain(name);
  for (const part of parts) expect(wordsOf(text)).toContain(part);
});

test('a phone number is found however it is written, by its last digits', () => {
  const stored = namesOf('Call +49 341 220 4455.');
  expect(namesAsked('0341/2204455').some((name) => stored.includes(name))).toBe(true);
  expect(namesAsked('0341/2204456').some((name) => stored.includes(name))).toBe(false);
});

test('characters that nobody sees separate nothing', () => {
  expect(wordsOf('war\u00adran\u200bty \ufeffcard')).toEqual(['warranty', 'card']);
});

test('a name of letters is one word, and its hyphens make two', () => {
  expect(wordsOf('PostgreSQL read-only')).toEqual(['postgresql', 'read', 'only']);
  expect(formsOf('E-Mail')).toContain('email');
});

test('places are counted as they are stored', () => {
  for (const text of ['one two', 'E-Mail an Müller', '返品期限', 'shared_buffers = 4', 'คืนสินค้า'])
    expect(countPlaces(text)).toBe(Math.max(...[...tokensOf(text)].map(({ place }) => place)));
});

test('questions of scripts without spaces are read by their words, without particles', () => {
  expect(contentWordsOf('返品の期限は何日ですか')).toEqual(['返品', '期限']);
  expect(contentWordsOf('배송비는')).toEqual(['배송비']);
  expect(contentWordsOf('얼마예요')).toEqual([]);
  expect(pairsOfWord('有効期間')).toEqual(['有効', '効期', '期間']);
  expect(pairsOfWord('水')).toEqual(['水']);
});
