import fc from 'fast-check';
import { readDisposition } from './content-disposition.ts';

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const fileOf = (parameters: string): string | null =>
  readDisposition(`form-data; name="file"; ${parameters}`).fileName;

test.each([
  ['quotes escaped by a backslash', String.raw`filename="a\"b.md"`, 'a"b.md'],
  ['quotes escaped as browsers do', 'filename="a%22b%0D%0Ac.md"', 'a"b\nc.md'],
  ['quotes that nobody escaped', 'filename="the "new" one.md"', 'the "new" one.md'],
  ['a semicolon and an equals sign', 'filename="a; b=c.md"', 'a; b=c.md'],
  ['a path of Windows', String.raw`filename="C:\fakepath\x.md"`, String.raw`C:\fakepath\x.md`],
  ['a path that ends in a backslash', String.raw`filename="C:\new\"`, 'C:\\new\\'],
  ['no quotes', 'filename=my report.md', 'my report.md'],
  ['raw UTF-8', latin1('filename="Größe – 価格.md"'), 'Größe – 価格.md'],
  ['raw Latin-1', 'filename="Gr\xf6\xdfe.md"', 'Größe.md'],
  ['RFC 8187', "filename*=UTF-8''%e2%82%ac%20rates.md", '€ rates.md'],
  ['RFC 8187 with a language', "filename*=iso-8859-1'en'%A3%20rates.md", '£ rates.md'],
  ['RFC 8187 before its fallback', 'filename*=utf-8\'\'%C3%A9.md; filename="e.md"', 'é.md'],
  ['RFC 8187 after its fallback', 'filename="e.md"; filename*=utf-8\'\'%C3%A9.md', 'é.md'],
  ['RFC 8187 that cannot be read', 'filename="e.md"; filename*=utf-8\'\'%ff%fe.md', 'e.md'],
  ['RFC 8187 in an unknown charset alone', "filename*=x-none'en'gr%C3%B6%20a.md", 'grö a.md'],
  ['RFC 8187 without charset alone', "filename*=''a%20b.md", 'a b.md'],
  ['RFC 8187 without quotes alone', 'filename*=a%20b.md', 'a b.md'],
  ['an encoded word in base64', 'filename="=?UTF-8?B?R3LDtsOfZS5tZA==?="', 'Größe.md'],
  [
    'encoded words in quoted-printable',
    'filename="=?utf-8?Q?Gr=C3=B6?= =?utf-8?q?=C3=9Fe_1.md?="',
    'Größe 1.md',
  ],
  ['a per cent sign that escapes nothing', 'filename="100%25 sure.md"', '100%25 sure.md'],
  ['capitals and spaces', 'FileName = "a.md" ;', 'a.md'],
  ['nothing', 'filename=""', ''],
])('%s', (_what, parameters, name) => {
  expect(fileOf(parameters)).toBe(name);
});

test('a field is no file, and its name may be in any script', () => {
  expect(readDisposition(latin1('form-data; name="größe"'))).toEqual({
    type: 'form-data',
    name: 'größe',
    fileName: null,
  });
  expect(readDisposition('attachment')).toEqual({ type: 'attachment', name: null, fileName: null });
});

test('every name comes through, as curl, browsers and Python write it', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(name, (given) => {
      fc.pre(!/[\r\n\\]|%(22|0d|0a)|=\?/i.test(given));
      const expected = given;
      expect(fileOf(latin1(`filename="${given.replaceAll('"', String.raw`\"`)}"`))).toBe(expected);
      expect(fileOf(latin1(`filename="${given.replaceAll('"', '%22')}"`))).toBe(expected);
      expect(fileOf(`filename*=utf-8''${encodeURIComponent(given)}`)).toBe(expected);
    }),
  );
});
