import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import * as text from '../index.ts';
import { type Language, languages } from '../languages.ts';
import { phrase, phrasebook, type PhraseGroup, type PhraseSet } from './phrase.ts';

const groups = Object.entries<unknown>(text).filter((entry): entry is [string, PhraseGroup] =>
  entry[0].endsWith('Phrases'),
);
const scripts: Partial<Record<Language, RegExp>> = { hi: /\p{Script=Devanagari}/u, ar: /\p{Script=Arabic}/u };

const namesIn = (one: string): string[] =>
  [...one.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();
const formsOf = (set: PhraseSet): [string, string[]][] =>
  Object.entries(set).map(([key, entry]) => [
    key,
    typeof entry === 'string' ? [entry] : Object.values(entry),
  ]);

describe.each(groups)('%s', (_name, group) => {
  test.each(languages)('in %s every sentence is there, in its script, with the same values', (language) => {
    const english = new Map(formsOf(group.en));
    for (const [key, forms] of formsOf(group[language])) {
      const wanted = namesIn(english.get(key)?.[0] ?? '');
      for (const form of forms) {
        expect(`${key}: ${form.trim()}`).toBe(`${key}: ${form}`);
        expect(form).not.toBe('');
        expect([key, namesIn(form)]).toEqual([key, wanted]);
        expect(form.replaceAll(/\{\w+\}/g, '')).toMatch(scripts[language] ?? /\p{Script=Latin}/u);
      }
    }
  });
});

const sample = {
  en: { plain: 'Hello {name}', files: { one: '{count} file', other: '{count} files' } },
  de: { plain: 'Guten Tag, {name}', files: { one: '{count} Datei', other: '{count} Dateien' } },
  es: { plain: 'Hola, {name}', files: { other: '{count} archivos' } },
  fr: { plain: 'Bonjour {name}', files: { one: '{count} fichier', other: '{count} fichiers' } },
  hi: { plain: 'नमस्ते {name}', files: { other: '{count} फ़ाइलें' } },
  ar: {
    plain: 'مرحبًا {name}',
    files: { zero: 'لا ملفات', one: 'ملف واحد', two: 'ملفان', few: '{count} ملفات', other: '{count} ملف' },
  },
} as const satisfies PhraseGroup<{ plain: 'Hello {name}'; files: { one: string; other: '{count} files' } }>;

describe('a sentence', () => {
  it('is in the language of the tag, else in its main language, else in English', () => {
    expect(phrase(sample, 'de-AT', 'plain', { name: 'Ada' })).toBe('Guten Tag, Ada');
    expect(phrase(sample, 'nl', 'plain', { name: 'Ada' })).toBe('Hello Ada');
    expect(phrase(sample, null, 'plain', { name: 'Ada' })).toBe('Hello Ada');
    const book = phrasebook(sample, undefined, 'pt-BR', 'ar-EG');
    expect([book.language, book.phrase('plain', { name: 'Ada' })]).toEqual(['ar', 'مرحبًا Ada']);
  });

  it('has the form of its number', () => {
    const files = (language: string, count: number): string => phrase(sample, language, 'files', { count });
    expect([1, 2, 1234].map((count) => files('en', count))).toEqual(['1 file', '2 files', '1,234 files']);
    // Zero is singular in French, and Arabic has six forms.
    expect([0, 2].map((count) => files('fr', count))).toEqual(['0 fichier', '2 fichiers']);
    expect([0, 1, 2].map((count) => files('ar', count))).toEqual(['لا ملفات', 'ملف واحد', 'ملفان']);
    expect(files('ar', 3)).toMatch(/ملفات$/);
  });

  it('takes a value as it is, whatever is in it', () => {
    expect(phrase(sample, 'en', 'plain', { name: '$& {name}' })).toBe('Hello $& {name}');
  });

  it('is refused by the compiler without its values, and under a key that is not there', () => {
    // @ts-expect-error: a value is missing
    expect(phrase(sample, 'en', 'plain')).toBe('Hello {name}');
    // @ts-expect-error: no such key
    expect(phrase(sample, 'en', 'nothing')).toBe('');
    // @ts-expect-error: a language lacks a key
    const incomplete: typeof sample = { ...sample, de: { plain: 'Guten Tag, {name}' } };
    expect(incomplete.en).toBe(sample.en);
  });
});

test('a bundle holds the groups it uses alone', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents:
        "import { phrase, callPhrases } from './src/index.ts'; console.log(phrase(callPhrases, 'de', 'goodbye'));",
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    ...{ bundle: true, write: false, format: 'esm', minify: true, charset: 'utf8', conditions: ['source'] },
  });
  const bundle = outputFiles[0]?.text ?? '';
  const holds = (sentence: string): boolean => bundle.includes(sentence);
  expect([text.callPhrases.de.goodbye, text.flowPhrases.de.greeting].map(holds)).toEqual([true, false]);
});
