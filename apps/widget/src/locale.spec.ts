import { clock, localeOf } from './locale.ts';

test.each([
  // stated, page, browser → language, direction, stated tag
  [null, '', ['fr-CA', 'en'], 'fr', 'ltr', null],
  [null, 'de', ['en'], 'de', 'ltr', null],
  ['es_mx', 'de', ['en'], 'es', 'ltr', 'es-MX'],
  ['ar', 'en', ['en'], 'ar', 'rtl', 'ar'],
  [null, 'ar-EG', ['en'], 'ar', 'rtl', null],
  ['he', 'en', ['de'], 'en', 'rtl', 'he'],
  ['ur_PK', '', [], 'en', 'rtl', 'ur-PK'],
  [null, 'fa', ['de'], 'de', 'rtl', null],
  [null, 'sw', ['ar'], 'ar', 'rtl', null],
  ['english', 'hi-IN', [], 'hi', 'ltr', 'english'],
  ['not a tag', '', [], 'en', 'ltr', null],
  ['', '', [], 'en', 'ltr', null],
])(
  'stated %j, page %j, browser %j: texts in %s, written %s',
  (stated, page, browser, language, direction, tag) => {
    expect(localeOf(stated, page, browser)).toMatchObject({ language, direction, stated: tag });
  },
);

test.each([
  ['en', 0, '0:00'],
  ['de-AT', 187_400, '3:07'],
  ['en', 3_725_000, '62:05'],
  ['ar-EG', 187_400, '٣:٠٧'],
  ['hi', 61_000, '1:01'],
  ['en', -1, '0:00'],
])('in %s %d ms are shown as %s', (tag, ms, shown) => {
  expect(clock(ms, tag)).toBe(shown);
});

it('keeps the region of a language for its digits', () => {
  expect(localeOf(null, 'ar_MA', ['ar-EG']).numbers).toBe('ar-MA');
  expect(localeOf('x', '', []).numbers).toBe('en');
});
