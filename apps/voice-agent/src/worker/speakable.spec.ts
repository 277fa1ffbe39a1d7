import fc from 'fast-check';
import { Speakable, speakable } from './speakable.ts';

describe('speakable', () => {
  it.each([
    ['Plain text stays.', 'Plain text stays.'],
    ['It is **very** _important_ and `npm run up`.', 'It is very important and npm run up.'],
    ['## Returns\n\nYou have 30 days.', 'Returns. You have 30 days.'],
    ['You need:\n\n- a receipt\n- the box\n\nThat is all.', 'You need: a receipt. the box. That is all.'],
    ['1. Open it\n2. Close it', 'Open it. Close it'],
    ['See [the guide](https://docs.example.org/a/b?c=d) first.', 'See the guide first.'],
    ['Within 30 days [1]. Always [2, 3].', 'Within 30 days. Always.'],
    ['Go to https://www.example.org/help/returns, please.', 'Go to example.org, please.'],
    ['Run this:\n```sh\nrm -rf build\n```\nThen wait.', 'Run this: Then wait.'],
    ['a line\nthat goes on', 'a line that goes on'],
    ['my_variable_name and 2 < 3', 'my_variable_name and 2 < 3'],
    ['Done \u{1F389} now', 'Done now'],
    ['> quoted\n\n---\n\nend', 'quoted. end'],
    ['| a | b |\n|---|---|\n| 1 | 2 |', 'a b. 1 2'],
  ])('says %j as %j', (markdown, said) => {
    expect(speakable(markdown)).toBe(said);
  });

  it('says the same however the text is cut into pieces', () => {
    const piece = fc.constantFrom(
      ...[
        'word',
        ' ',
        '\n',
        '**',
        '_',
        '[1]',
        '[the',
        ' link](https',
        '://x.org/a)',
        '- ',
        '1. ',
        '#',
        '```\n',
        '!',
        '<b>',
      ],
      ...['https://x.org', '.', ', ', '\u{1F389}', '\\*', '|', '---', '~~', '(', ')', ']', '<', 'h', 'ht'],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.nat(40), { maxLength: 12 }),
        (pieces, cuts) => {
          const text = pieces.join('');
          const form = new Speakable();
          let said = '';
          let from = 0;
          for (const cut of cuts) {
            said += form.push(text.slice(from, from + cut));
            from += cut;
          }
          said += form.push(text.slice(from)) + form.end();
          expect(said).toBe(speakable(text));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
