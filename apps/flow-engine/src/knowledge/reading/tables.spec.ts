import fc from 'fast-check';
import type { ReadPassage } from './blocks.ts';
import { readDocument } from './document.reader.ts';

const read = (mediaType: string, text: string): ReadPassage[] =>
  readDocument({ title: 'T', mediaType, text });
const html = (text: string): string[] => read('text/html', text).map((passage) => passage.text);

/** What can be quoted of passages. */
const quotable = (passages: readonly ReadPassage[]): string[] =>
  passages.flatMap(({ text, sentences }) =>
    sentences.flatMap((start, index) => (index % 2 === 0 ? [text.slice(start, sentences[index + 1])] : [])),
  );

const rows = Array.from({ length: 120 }, (_, no) => [`Town number ${no}`, `${no * 7} km`, `${no},50 €`]);
const long: [string, string, string][] = [
  [
    'HTML',
    'text/html',
    `<p>Before.</p><table><caption>Trips from Ulm</caption><thead><tr><th>Goal<th>Distance<th>Price</thead>${rows
      .map((row) => `<tr><td>${row.join('<td>')}</tr>`)
      .join('')}</table><p>After.</p>`,
  ],
  [
    'Markdown',
    'text/markdown',
    `Before.\n\nTrips from Ulm:\n\n| Goal | Distance | Price |\n|:--|--:|---|\n${rows
      .map((row) => `| ${row.join(' | ')} |`)
      .join('\n')}\n\nAfter.`,
  ],
  [
    'HTML within Markdown',
    'text/markdown',
    `Before.\n\n<table>\n<caption>Trips from Ulm</caption>\n<tr><th>Goal</th><th>Distance</th><th>Price</th></tr>\n\n${rows
      .map((row) => `<tr><td>${row[0]}</td>\n\n<td>${row[1]}</td><td>${row[2]}</td></tr>`)
      .join('\n')}\n</table>\n\nAfter.`,
  ],
];

test.each(long)(
  '%s: caption and header go with every piece of a long table, cut between rows',
  (_kind, type, text) => {
    const passages = read(type, text);
    const pieces = passages.filter((passage) => passage.text.includes('km'));
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces) {
      expect(piece.text).toMatch(/(^|\n\n)Trips from Ulm:?\nGoal \| Distance \| Price\nTown number/);
      expect(piece.text.length).toBeLessThanOrEqual(800);
    }
    expect(quotable(pieces).filter((line) => line.startsWith('Town'))).toEqual(
      rows.map((row) => row.join(' | ')),
    );
    expect(quotable(passages)).not.toContain('Goal | Distance | Price');
    expect(passages.at(-1)?.text).toBe('After.');
  },
);

test.each([
  [
    'header rows without thead',
    '<table><tr><th>Plan<th>Price<tr><th>Pro<td>9<tr><th>Team<td>19</table>',
    'Plan | Price\nPro | 9\nTeam | 19',
  ],
  ['no header', '<table><tr><td>Pro<td>9<tr><td>Team<td>19</table>', 'Pro | 9\nTeam | 19'],
  [
    'an empty cell',
    '<table><tr><th>a<th>b<th>c<tr><td>1<td><td>3<tr><td>4<td>5<td></table>',
    'a | b | c\n1 | | 3\n4 | 5',
  ],
  [
    'cells over several rows and columns',
    '<table><tr><th rowspan=2>City<th colspan=2>Price<tr><th>day<th>night<tr><td rowspan=2>Ulm<td>1<td>2<tr><td>3<td>4</table>',
    'City | Price\nCity | day | night\nUlm | 1 | 2\nUlm | 3 | 4',
  ],
  [
    'a cell that reaches to the last row',
    '<table><tr><th>Day<th>Price<tr><td>Mon<td rowspan=0>9 €<tr><td>Tue<tr><td>Wed</table>',
    'Day | Price\nMon | 9 €\nTue | 9 €\nWed | 9 €',
  ],
  [
    'a cell over columns before others',
    '<table><tr><th colspan=2>Costs<th>Note<tr><td>1<td>2<td>x</table>',
    'Costs | | Note\n1 | 2 | x',
  ],
  [
    'line breaks in cells',
    '<table><tr><th>Day<th>Open<tr><td>Mon<br>Tue<td><p>9–12</p><p>14–17</p></table>',
    'Day | Open\nMon Tue | 9–12 14–17',
  ],
  [
    'the caption of a figure',
    '<figure><table><tr><th>a<th>b<tr><td>1<td>2</table><figcaption>All of it</figcaption></figure>',
    'All of it\na | b\n1 | 2',
  ],
  [
    'a title above it',
    '<p>Table 3.1. Limits</p><table><tr><th>a<th>b<tr><td>1<td>2</table>',
    'Table 3.1. Limits\na | b\n1 | 2',
  ],
  [
    'a foot',
    '<table><thead><tr><th>a<th>b</thead><tfoot><tr><td>sum<td>3</tfoot><tbody><tr><td>x<td>3</tbody></table>',
    'a | b\nx | 3\nsum | 3',
  ],
])('%s', (_what, table, text) => {
  expect(html(table).join('\n').split('\n').sort()).toEqual(text.split('\n').sort());
  expect(html(table)[0]?.split('\n')[0]).toBe(text.split('\n')[0]);
});

test.each([
  ['a table for layout', '<table role="presentation"><tr><td>Menu<td>Text.</table>', ['Menu\n\nText.']],
  [
    'a table with headings',
    '<table><tr><td><h2>One</h2><p>First.</p><td><h2>Two</h2><p>Second.</p></table>',
    ['First.', 'Second.'],
  ],
])('%s is read as text', (_what, page, texts) => {
  expect(html(page)).toEqual(texts);
});

test('a cell of a table is found beside its header, and never glued to its neighbours', () => {
  const cell = fc.stringMatching(/^[a-z]{1,6}( [0-9]{1,4})?$/);
  const table = fc.integer({ min: 2, max: 5 }).chain((columns) =>
    fc.record({
      header: fc.array(cell, { minLength: columns, maxLength: columns }),
      rows: fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), {
        minLength: 1,
        maxLength: 60,
      }),
    }),
  );
  fc.assert(
    fc.property(table, fc.boolean(), ({ header, rows: body }, isMarkdown) => {
      const line = (cells: readonly string[], tag: string): string =>
        isMarkdown
          ? `| ${cells.join(' | ')} |`
          : `<tr>${cells.map((text) => `<${tag}>${text}</${tag}>`).join('')}</tr>`;
      const lines = [line(header, 'th'), ...body.map((cells) => line(cells, 'td'))];
      if (isMarkdown) lines.splice(1, 0, `|${'---|'.repeat(header.length)}`);
      const text = isMarkdown ? lines.join('\n') : `<table>${lines.join('')}</table>`;
      const passages = read(isMarkdown ? 'text/markdown' : 'text/html', text);
      expect(quotable(passages)).toEqual(body.map((cells) => cells.join(' | ')));
      for (const passage of passages) expect(passage.text.split('\n')[0]).toBe(header.join(' | '));
    }),
    { numRuns: 60 },
  );
});

test('a long caption is repeated in whole characters', () => {
  const astronaut = '👩🏽\u200d🚀';
  const table = `<table><caption>ab${astronaut.repeat(100)}</caption><tr><th>a<th>b<tr><td>1<td>2</table>`;
  for (const text of html(table)) expect(text.replaceAll(astronaut, '')).not.toMatch(/[👩🏽🚀\p{Cs}]/u);
});

test('a header and rows without end are cut, and nothing is lost', () => {
  const wide = Array.from({ length: 300 }, (_, no) => `column ${no}`);
  const values = wide.map((_name, no) => `value ${no}`);
  const passages = read(
    'text/html',
    `<table><tr><th>${wide.join('<th>')}<tr><td>${values.join('<td>')}</table>`,
  );
  const all = passages.map((passage) => passage.text).join(' | ');
  for (const text of [...wide, ...values]) expect(all).toMatch(new RegExp(`${text}(?!\\d)`));
  expect(Math.max(...passages.map((passage) => passage.text.length))).toBeLessThan(2000);
});
