import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { codeBlock, escape } from './html.ts';

/** The part of a Markdown node that is shown here (mdast). */
interface Node {
  type: string;
  value?: string;
  url?: string;
  alt?: string | null;
  depth?: number;
  ordered?: boolean | null;
  start?: number | null;
  children?: Node[];
}

const wrapped: Readonly<Record<string, string>> = {
  paragraph: 'p',
  strong: 'strong',
  emphasis: 'em',
  delete: 's',
  blockquote: 'blockquote',
  listItem: 'li',
};

/** A heading: its level, its anchor and its text as HTML. */
export interface Heading {
  depth: number;
  id: string;
  html: string;
}

/** A page of Markdown as HTML. HTML in the Markdown is shown as text. */
export function markdownHtml(text: string): { title: string; html: string; headings: Heading[] } {
  const tree: Node = unified().use(remarkParse).use(remarkGfm).parse(text);
  const nodes = (tree.children ?? []).filter((node) => node.type === 'heading');
  const headings = nodes.map((node) => ({
    depth: node.depth ?? 1,
    id: slug(plain(node)),
    html: inside(node),
  }));
  return { title: nodes[0] ? plain(nodes[0]) : '', html: inside(tree), headings };
}

function inside(node: Node): string {
  return (node.children ?? []).map(toHtml).join('');
}

/** Nodes that need more than a tag around what is inside. */
const special: Readonly<Record<string, (node: Node) => string>> = {
  heading,
  list: (node) => (node.ordered ? orderedList(node) : `<ul>${inside(node)}</ul>`),
  code: (node) => codeBlock('code', node.value ?? ''),
  inlineCode: (node) => `<code>${escape(node.value)}</code>`,
  link: (node) => `<a href="${escape(target(node.url ?? ''))}">${inside(node)}</a>`,
  table,
  break: () => '<br>',
};

function toHtml(node: Node): string {
  const tag = wrapped[node.type];
  if (tag) return `<${tag}>${inside(node)}</${tag}>`;
  const show = special[node.type];
  return show ? show(node) : escape(node.value ?? node.alt ?? '') + inside(node);
}

function orderedList(node: Node): string {
  const start = node.start && node.start > 1 ? ` start="${node.start}"` : '';
  return `<ol${start}>${inside(node)}</ol>`;
}

function heading(node: Node): string {
  const id = slug(plain(node));
  const link =
    node.depth === 1 ? '' : ` <a class="anchor" href="#${id}" aria-hidden="true" tabindex="-1">#</a>`;
  return `<h${node.depth} id="${id}">${inside(node)}${link}</h${node.depth}>`;
}

function table({ children: rows = [] }: Node): string {
  const [head, ...body] = rows.map((row, index) => {
    const tag = index === 0 ? 'th' : 'td';
    const scope = index === 0 ? ' scope="col"' : '';
    return `<tr>${(row.children ?? []).map((cell) => `<${tag}${scope}>${inside(cell)}</${tag}>`).join('')}</tr>`;
  });
  return `<div class="table" tabindex="0" role="region" aria-label="Table"><table><thead>${head ?? ''}</thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** Links between the pages' files lead to the pages; only addresses that a browser may follow are kept. */
function target(url: string): string {
  const page = /^(?:\.\.?\/)*((?:decisions\/)?[a-z0-9-]+)\.md(#.*)?$/.exec(url);
  if (page) return `/docs/guides/${page[1]}${page[2] ?? ''}`;
  return /^(https?:\/\/|#|\/)/.test(url) ? url : '#';
}

function plain(node: Node): string {
  return node.value ?? (node.children ?? []).map(plain).join('');
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
