import fc from 'fast-check';
import { readDocument } from './document.reader.ts';

const read = (mediaType: string, text: string): string =>
  readDocument({ title: 'T', mediaType, text })
    .map((passage) => passage.text)
    .join('\n\n');

/** The same text in a page, and in a Markdown document that holds HTML. */
const both: [string, (html: string) => string][] = [
  ['HTML', (html) => read('text/html', `<main>${html}</main>`)],
  ['Markdown', (html) => read('text/markdown', `Start ${html}`).replace(/^Start /, '')],
];

describe.each(both)('%s', (_kind, inline) => {
  test.each([
    ['10<sup>2</sup> bar', '10^2 bar'],
    ['10<sup>-3</sup>', '10^-3'],
    ['2<sup>n + 1</sup>', '2^(n + 1)'],
    ['x<sup>2</sup>y', 'x^2 y'],
    ['40 m<sup>2</sup>, 3 cm<sup>3</sup>', '40 m², 3 cm³'],
    ['the 1<sup>st</sup> and the 22<sup>nd</sup>', 'the 1st and the 22nd'],
    ['a price<sup>3</sup>', 'a price 3'],
    ['Acme<sup>TM</sup> lamps<sup>*</sup>', 'Acme TM lamps*'],
    ['H<sub>2</sub>O and Ca(OH)<sub>2</sub>', 'H2O and Ca(OH)2'],
    ['SO<sub>4</sub><sup>2-</sup>', 'SO4^2-'],
    ['v<sub>max</sub> of x<sub>i</sub>', 'v_max of x_i'],
    ['10<sub>2</sub>', '10_2'],
    ['one<br>two<br/>three', 'one\ntwo\nthree'],
    ['<span>Total</span><span>49</span>', 'Total 49'],
    ['<a href="/a">Home</a><a href="/b">Shop</a>', 'Home Shop'],
    ['<b>Price</b><!-- x --><i>49</i>', 'Price 49'],
    ['<b>D</b>rop un<em>believ</em>able', 'Drop unbelievable'],
    ['<code><i>shared</i><b>_buffers</b></code>', 'shared_buffers'],
    ['super<wbr>market co\u00adop soft&shy;ware zero\u200bwidth', 'supermarket coop software zerowidth'],
    ['<b>super</b><wbr><b>market</b>', 'supermarket'],
    ['<span role="cell">1</span><span role="cell">2</span><i>a</i><i>b</i>', '1 2 ab'],
    ['<my-name>Ada</my-name>Lovelace', 'Ada Lovelace'],
    ['<label>Name</label><input><label>Mail</label>', 'Name Mail'],
    ['<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>', '漢字(かんじ)'],
    ['5 &lt; 7 &amp; 9&nbsp;&euro; &#x1F600;', '5 < 7 & 9 € 😀'],
    ['seen<span hidden> never</span><span style="display:none">never</span>', 'seen'],
  ])('%s is read as %j', (html, text) => {
    expect(inline(html)).toBe(text);
  });
});

test('what stands in elements of their own is never glued', () => {
  const page =
    '<div>one</div>two<div>three</div><ul><li>four<li>five</ul><dl><dt>six<dd>seven<dt>eight<dd>nine</dl>' +
    '<form><fieldset><legend>ten</legend><select><option>eleven<option>twelve</select></fieldset></form>' +
    '<p>thirteen<p>fourteen<hr>fifteen<details><summary>sixteen</summary>seventeen</details>' +
    '<figure><img alt="no"><figcaption>eighteen</figcaption></figure><center>nineteen</center>twenty';
  expect(read('text/html', page).split(/\s+/)).toEqual(
    (
      'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ' +
      'seventeen eighteen nineteen twenty'
    ).split(' '),
  );
});

test('a term has all its descriptions', () => {
  const described = (text: string): string =>
    `<dl><dt>Pro<dt>Team<dd>${text}<dd>Not for trials.<dt>Free<dd>Basic.</dl>`;
  expect(read('text/html', described('9 € a month.'))).toBe(
    'Pro\nTeam\n9 € a month.\nNot for trials.\n\nFree\nBasic.',
  );
  const passages = readDocument({
    title: 'T',
    mediaType: 'text/html',
    text: described('Long text. '.repeat(60)),
  });
  expect(passages.find(({ text }) => text.includes('trials'))?.headingPath).toEqual(['T', 'Pro, Team']);
});

test('scripts, styles, templates and hidden elements are no text', () => {
  const page =
    '<script>bad</script><style>bad</style><template>bad</template><noscript>bad</noscript><p hidden>bad</p>' +
    '<p aria-hidden="true">bad</p><p style="color: red; visibility:hidden">bad</p><svg><title>bad</title></svg><p>good</p>';
  expect(read('text/html', page)).toBe('good');
  expect(read('text/markdown', `${page}\n\n<div hidden>\n\nbad\n\n</div>\n\nbetter`)).toBe('good\n\nbetter');
});

test('a tag that a Markdown sentence speaks of takes in nothing that follows', () => {
  const text =
    'Put <script> into the <title> of it.\n\nThe <head> comes first.\n\n`<style>` too, and <select>.';
  expect(read('text/markdown', text)).toBe(
    'Put <script> into the <title> of it.\n\nThe comes first.\n\n<style> too, and <select>.',
  );
});

test('markup of any kind between words keeps them words, and nothing is lost', () => {
  const word = fc.stringMatching(/^[a-z]{2,8}$/);
  const around = fc.constantFrom<[string, string]>(
    ['<li>', '</li>'],
    ['<span>', '</span>'],
    ['<a href="/x">', '</a>'],
    ['<p>', '</p>'],
    ['<option>', '</option>'],
    ['<x-y>', '</x-y>'],
    ['<h2>', '</h2>'],
    ['<dd>', '</dd>'],
    ['<br>', '<br>'],
    ['<b>', '</b>'],
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(word, around), { minLength: 1, maxLength: 20 }), (items) => {
      const page = items.map(([text, [open, close]]) => `${open}${text}${close}`).join('');
      const passages = readDocument({ title: 'T', mediaType: 'text/html', text: page });
      const found = passages.flatMap(({ headingPath, text }) => [...headingPath, text]).join(' ');
      const words = new Set(found.split(/\s+/));
      for (const [text] of items) expect(words).toContain(text);
      for (const one of words) expect(['T', ...items.map(([text]) => text)]).toContain(one);
    }),
  );
});
