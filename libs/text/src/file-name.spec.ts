import fc from 'fast-check';
import { toFileName } from './file-name.ts';

test.each([
  ['C:\\fakepath\\price list.md', 'price list.md'],
  ['../../etc/passwd', 'passwd'],
  ['..\\..\\price.md', 'price.md'],
  ['C:price.md', 'price.md'],
  ['Re: price.md', 'Re: price.md'],
  ['\\\\server\\share\\Größe.txt', 'Größe.txt'],
  ['Zu\u0308rich.md', 'Zürich.md'],
  ['invoice\u202efdp.exe', 'invoice fdp.exe'],
  ['a\u0000b\r\nSet-Cookie: x.md', 'a b Set-Cookie: x.md'],
  ['\ufeff  .hidden  ', '.hidden'],
  ['价格表.html', '价格表.html'],
  ['/', ''],
  ['..', ''],
  ['\u200b\u00ad', ''],
  ['\ud800.md', '\ufffd.md'],
])('%j is shown as %j', (given, name) => {
  expect(toFileName(given)).toBe(name);
});

test('a long name keeps its extension, and no character is cut', () => {
  expect(toFileName(`${'👩🏽‍🚀'.repeat(100)}.markdown`, 50)).toBe(`${'👩🏽‍🚀'.repeat(5)}.markdown`);
});

test('a name is a name already', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.integer({ min: 20, max: 60 }),
      (given, max) => {
        const name = toFileName(given, max);
        expect(name.length).toBeLessThanOrEqual(max);
        expect(name).not.toMatch(/[/\\\p{Cc}]/u);
        expect(toFileName(name, max)).toBe(name);
      },
    ),
  );
});
