import { markdownHtml } from './markdown.ts';

describe('markdownHtml', () => {
  it('shows headings, lists, tables, code and links between the pages', () => {
    const { title, html } = markdownHtml(
      '# Add `it`\n\n1. one **two**\n\n| a |\n|---|\n| b |\n\n```sh\nls <x>\n```\n\n[next](../decisions/001-x.md#why)',
    );
    expect(title).toBe('Add it');
    expect(markdownHtml('1. a\n\n```\nx\n```\n\n2. b').html).toContain('<ol start="2">');
    const { headings, html: section } = markdownHtml('# A\n\n## Why `it` is');
    expect(headings).toEqual([
      { depth: 1, id: 'a', html: 'A' },
      { depth: 2, id: 'why-it-is', html: 'Why <code>it</code> is' },
    ]);
    expect(section).toContain('<a class="anchor" href="#why-it-is"');
    expect(html).toContain('<h1 id="add-it">Add <code>it</code></h1>');
    expect(html).toContain('<ol><li><p>one <strong>two</strong></p></li></ol>');
    expect(html).toContain('<th scope="col">a</th>');
    expect(html).toContain('ls &lt;x&gt;');
    expect(html).toContain('<a href="/docs/guides/decisions/001-x#why">next</a>');
  });

  it('shows HTML as text and follows no address that runs a script', () => {
    const { html } = markdownHtml('<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![y](data:z)');
    expect(html).not.toContain('<script');
    expect(html).not.toContain('javascript:');
  });
});
