import { bannedWordsIn, lengthsOf, longSentencesIn } from './check.ts';
import { descriptions, guides, logMessages, messagesOf } from './sources.ts';
import { proseOf } from './text.ts';

const page = (text: string) => [{ file: 'page.md', passages: proseOf(text) }];

describe('Banned words', () => {
  it('are in no guide', () => expect(bannedWordsIn(guides())).toEqual([]));
  it('are in no API description', () => expect(bannedWordsIn(descriptions())).toEqual([]));
  it('are in no log message', () => expect(bannedWordsIn(logMessages())).toEqual([]));

  it('are found in paragraphs, headings, lists and tables, with line and standard term', () => {
    const found = bannedWordsIn(
      page('# A fact\n\n- Whoever calls\n\n| a |\n|---|\n| the ear hears |\n\n`sound` is code.'),
    );
    expect(found).toHaveLength(3);
    expect(found[0]).toBe('page.md:1 "fact": use event. Text: A fact');
    expect(found[1]).toMatch(/^page\.md:3 "Whoever"/);
  });

  it('are found in log messages, also in templates and choices', () => {
    const code =
      'logger.warn({ a }, ok ? "A fact" : `lost ${n}`);\nthis.#logger.info("x");\nother.warn("no logger")';
    expect(messagesOf('a.ts', code)).toEqual([
      { line: 1, text: 'A fact' },
      { line: 1, text: 'lost …' },
      { line: 2, text: 'x' },
    ]);
  });
});

describe('Sentences', () => {
  it('of guides have at most 25 words', () => expect(longSentencesIn(guides())).toEqual([]));

  it('are counted one by one', () => {
    const long = Array.from({ length: 26 }, () => 'Word').join(' ');
    expect(longSentencesIn(page(`Short one. ${long}.`))).toEqual([
      expect.stringMatching(/^page\.md:1 26 words/),
    ]);
    expect(lengthsOf(page(`One two. ${long}.`)).at(-1)).toMatchObject({
      sentences: 2,
      'mean words': 14,
      '% > 25 words': 50,
    });
  });
});
