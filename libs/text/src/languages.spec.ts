import { directionOf, languageOf, spokenLanguage } from './languages.ts';

test.each([
  [['de-AT'], 'de'],
  [['es_MX'], 'es'],
  [[' FR '], 'fr'],
  [['ar-EG-u-nu-latn'], 'ar'],
  [['hi-Deva-IN'], 'hi'],
  [['sw', null, 'nl-BE', 'de'], 'de'],
  [['zh-Hant'], null],
  [['deutsch'], null],
  [['', undefined, null], null],
])('of %j is spoken %s', (preferred, language) => {
  expect(spokenLanguage(...preferred)).toBe(language);
  expect(languageOf(...preferred)).toBe(language ?? 'en');
});

test.each([
  ['ar', 'rtl'],
  ['he-IL', 'rtl'],
  ['ur_PK', 'rtl'],
  ['az-Arab', 'rtl'],
  ['ar-Latn', 'ltr'],
  ['hi', 'ltr'],
  ['en-US', 'ltr'],
])('%s is written %s', (tag, direction) => {
  expect(directionOf(tag)).toBe(direction);
});
