import { DocumentReader } from './document-reader.adapter.ts';
import { readDocument } from './document.reader.ts';

const html = (text: string) => readDocument({ title: 'Guide', mediaType: 'text/html', text });
const long = (word: string): string =>
  Array.from({ length: 60 }, (_, index) => `${word} number ${index} is here.`).join(' ');

test('HTML: headings make the path, what every page repeats is left out', () => {
  const passages = html(`<html><head><title>x</title><style>p{}</style></head><body>
    <nav>Home Products</nav><header><a href="/">Logo</a></header>
    <div class="navheader"><table><tr><td>Prev</td><td>Next</td></tr></table></div>
    <main><h1>Guide</h1><p>Opening   words,
    over two lines.</p><h2>Setup</h2><div class="note"><h3>Note</h3><p>Mind the step.</p></div>
    <pre>  run  --now
  twice</pre><h3>Details</h3><p>Fine print.</p></main>
    <ul><li><a href="/a">One link</a></li><li><a href="/b">Two link</a></li><li><a href="/c">Three</a></li>
    <li><a href="/d">Four</a></li><li><a href="/e">Five</a></li></ul>
    <script>alert(1)</script><footer>Imprint</footer></body></html>`);
  expect(passages.map(({ headingPath, text }) => [headingPath, text])).toEqual([
    [['Guide'], 'Opening words, over two lines.'],
    [['Guide', 'Setup'], 'Mind the step.\n\n  run  --now\n  twice'],
    [['Guide', 'Setup', 'Details'], 'Fine print.'],
  ]);
});

test('HTML: a described term is a passage under its own name; short ones stay together; rows stay lines', () => {
  const passages = html(
    `<dl><dt>alpha</dt><dd>The first.</dd><dt>beta</dt><dd>The second.</dd><dt>gamma</dt><dd><p>${long('gamma')}</p></dd></dl>
     <table><tr><th>Item</th><th>Limit</th></tr><tr><td>Users</td><td>500</td></tr></table>`,
  );
  expect(passages[0]?.text).toBe('alpha\nThe first.\n\nbeta\nThe second.');
  expect(passages[1]?.headingPath).toEqual(['Guide', 'gamma']);
  expect(passages.at(-1)?.text).toBe('Item | Limit\nUsers | 500');
});

test('Markdown: outline, table, code, embedded HTML', () => {
  const text =
    '---\nlayout: x\n---\n# Guide\n\nHello *there*.\n\n## Sizes\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nnpm run up\n```\n\n<script>x</script>';
  const passages = readDocument({ title: 'Guide', mediaType: 'text/markdown', text });
  expect(passages.map((passage) => [passage.headingPath.join(' > '), passage.text])).toEqual([
    ['Guide', 'Hello there.'],
    ['Guide > Sizes', 'a | b\n1 | 2'],
    ['Guide > Sizes', 'npm run up'],
  ]);
});

test('every sentence lies within its passage, and passages stay small', () => {
  for (const passage of html(`<h2>All</h2><p>${long('word')}</p><p>${'x'.repeat(9000)}</p>`)) {
    expect(passage.text.length).toBeLessThanOrEqual(1500);
    expect(Math.max(...passage.sentences)).toBe(passage.text.length);
  }
});

const noStems = async (texts: string[]): Promise<string[]> => texts.map(() => '');

describe('what cannot be read is refused with a reason', () => {
  const reader = new DocumentReader(5000);
  afterAll(() => reader.close());

  test.each([
    ['10,000 levels of HTML', 'text/html', '<div>'.repeat(10_000), /levels deep/],
    [
      'formatting that is never closed',
      'text/html',
      Array.from({ length: 5000 }, (_, index) => `<b id="${index}"><p>`).join(''),
      /levels deep/,
    ],
    ['10,000 levels of quotes', 'text/markdown', '> '.repeat(10_000), /levels deep/],
    ['endless emphasis', 'text/markdown', '**a_'.repeat(200_000), /took longer/],
    ['binary data', 'text/plain', '\u0000\u0001ELF', /binary data/],
    ['undecodable bytes', 'text/plain', '\ufffd'.repeat(100), /binary data/],
    ['nothing', 'text/markdown', ' \n ', /empty/],
    ['a page of scripts', 'text/html', '<script>let x;</script>', /No text was found/],
    ['another media type', 'application/pdf', '%PDF-1.7', /media type/],
    ['nothing but headings', 'text/html', '<h2>a</h2>b'.repeat(30_000), /more than 20000 sections/],
    ['too much', 'text/plain', 'word '.repeat(2_000_000), /larger than 8 MiB/],
  ])('%s', async (_name, mediaType, text, reason) => {
    await expect(reader.index({ title: 'Guide', mediaType, text }, noStems)).rejects.toThrow(reason);
  });

  test('the next document is read all the same', async () => {
    const source = { title: 'Guide', mediaType: 'text/plain', text: 'Still here.' };
    const { passageRows } = await reader.index(source, noStems);
    expect(JSON.parse(passageRows[0]?.rows ?? '')).toMatchObject([{ position: 0, text: 'Still here.' }]);
  });
});

test('text that has to be cut within a word is cut between characters', () => {
  const face = '\u{1f600}';
  const text = `x${face.repeat(200_000)}`;
  const passages = readDocument({ title: `y${face.repeat(300)}`, mediaType: 'text/plain', text });
  expect(JSON.stringify(passages).isWellFormed()).toBe(true);
  expect(JSON.stringify(passages)).not.toMatch(/\\ud[89a-f]/i);
  expect(passages.map((passage) => passage.text).join('')).toHaveLength(text.length);
});
