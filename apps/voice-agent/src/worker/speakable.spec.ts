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
    ['| a | b |\n|---|---|\n| 1 | 2 |', 'a, b. 1, 2'],
    ['It is 2*3 = 6, and 5 * 4 = 20; a*b too.', 'It is 2*3 = 6, and 5 * 4 = 20; a*b too.'],
    ['5*3*2 = 30, (1+2)*3*(4)', '5*3*2 = 30, (1+2)*3*(4)'],
    ['Ask <a@b.example> or c.d@e.example.', 'Ask a@b.example or c.d@e.example.'],
    ['Use snake_case and __init__.py, ~~not~~ this.', 'Use snake_case and init.py, not this.'],
    ['**Dr. Smith. And more** of *it.* Then.', 'Dr. Smith. And more of it. Then.'],
    ['See <https://www.a.example/b?c=d.e>.', 'See a.example.'],
    ['[Read this. Or that](https://a.example/b) now.', 'Read this. Or that now.'],
    [
      'A [ref][1], a [shortcut], and a note[^1].\n\n[1]: https://a.example\n[^1]: Not said.',
      'A ref, a shortcut, and a note.',
    ],
    ['[Note]: this is important.', 'Note: this is important.'],
    [
      'It costs $3.50, 1.234,56 € or 3,50 €. No. 5. On 24.12.2026.',
      'It costs $3.50, 1.234,56 € or 3,50 €. No. 5. On 24.12.2026.',
    ],
    [
      'PostgreSQL 15.2 and v1.2.3-rc.1 at 10:30, 5–6 pm, +49 30 1234.',
      'PostgreSQL 15.2 and v1.2.3-rc.1 at 10:30, 5–6 pm, +49 30 1234.',
    ],
    ['a<br>b, <b>bold</b> &amp; 3 &lt; 4 <!-- not -->', 'a b, bold & 3 < 4'],
    ['1\ufe0f\u20e3 Open\u2122 🇩🇪 👩🏽\u200d🚀 ❤\ufe0f it', '1 Open\u2122 it'],
    ['Title\n=====\nText\nof one\n\n## Next ##\nMore', 'Title. Text of one. Next. More'],
    ['It has version\n5. The rest\n1. One\n2. Two', 'It has version 5. The rest. One. Two'],
    ['- [x] done\n- [ ] to do\n  - deeper', 'done. to do. deeper'],
    ['价格**“3.5”**元。*很*好！', '价格“3.5”元。很好！'],
    ['यह **डॉ. शर्मा** हैं। ठीक।', 'यह डॉ. शर्मा हैं। ठीक।'],
    ['Code `a*b` and `2*3`, then 2*3', 'Code a*b and 2*3, then 2*3'],
    ['<details><summary>More</summary>Text</details>', 'More Text'],
    ['A <span>b</span>c, x<sub>i</sub><wbr>y', 'A bc, xiy'],
    ['Said[^note] and【4:0†source】 it is ==so==, if a == b', 'Said and it is so, if a == b'],
    ['Plan | Price\n--- | ---\nPro | $5', 'Plan, Price. Pro, $5'],
    ['See it[^a].\n\n[^a]: Not said.\n    Nor this.\n\nEnd', 'See it. End'],
    ['Price* and `a * b`, *.ts files', 'Price and a * b, *.ts files'],
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
      ...['- [x] ', '5. ', '> ', '\r\n', '===', 'Dr. ', '2*3', '| a |', '[r]: ', '&amp;', '。', '\\\n', '##'],
      ...['https://x.org', '.', ', ', '\u{1F389}', '\\*', '|', '---', '~~', '(', ')', ']', '<', 'h', 'ht'],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.nat(40), { maxLength: 12 }),
        (pieces, cuts) => {
          const text = pieces.join('');
          const form = new Speakable();
          const said: string[] = [];
          let from = 0;
          for (const cut of cuts) {
            said.push(...form.push(text.slice(from, from + cut)));
            from += cut;
          }
          said.push(...form.push(text.slice(from)), ...form.end());
          const whole = new Speakable();
          expect(said).toEqual([...whole.push(text), ...whole.end()]);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
