import { MAX_DEPTH, UnreadableDocumentError } from './blocks.ts';

/** The part of a Markdown node that is read here (mdast). */
export interface MarkdownNode {
  type: string;
  value?: string;
  alt?: string | null;
  depth?: number;
  ordered?: boolean | null;
  children?: MarkdownNode[];
}

/** Tags whose content is no markup. Open in a sentence, they would take in the rest of the document. */
const opaque =
  /<(script|style|title|textarea|xmp|iframe|noembed|noframes|noscript|plaintext|template|select)\b/gi;

const elements: Readonly<Record<string, string>> = {
  paragraph: 'p',
  blockquote: 'blockquote',
  listItem: 'li',
  emphasis: 'em',
  strong: 'strong',
  delete: 'del',
  link: 'a',
  linkReference: 'a',
  tableRow: 'tr',
  footnoteDefinition: 'div',
};

const leaves: Readonly<Record<string, (node: MarkdownNode) => string>> = {
  text: (node) => escaped(node.value),
  inlineCode: (node) => `<code>${escaped(node.value)}</code>`,
  code: (node) => `<pre>\n${escaped(node.value)}</pre>`,
  break: () => '<br>',
  image: (node) => escaped(node.alt),
  imageReference: (node) => escaped(node.alt),
  html: (node) => node.value ?? '',
  thematicBreak: () => '<hr>',
  definition: () => '',
  footnoteReference: () => '',
};

function escaped(text: string | null | undefined): string {
  return (text ?? '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A Markdown tree as HTML, so that both and their mixtures are read by the same rules. */
export function toHtml(node: MarkdownNode, depth = 0): string {
  if (depth > MAX_DEPTH) {
    throw new UnreadableDocumentError(`The Markdown nests more than ${MAX_DEPTH} levels deep.`);
  }
  const leaf = leaves[node.type];
  if (leaf) return leaf(node);
  if (node.type === 'table') return tableHtml(node, depth);
  const content = contentOf(node, depth);
  if (node.type === 'heading') return `<h${node.depth ?? 1}>${content}</h${node.depth ?? 1}>\n`;
  if (node.type === 'list') return node.ordered ? `<ol>${content}</ol>\n` : `<ul>${content}</ul>\n`;
  const tag = elements[node.type];
  return tag === undefined ? content : `<${tag}>${content}</${tag}>`;
}

function contentOf({ type, children = [] }: MarkdownNode, depth: number): string {
  const content = children.map((child) => toHtml(child, depth + 1));
  const isWhole = type === 'root' || type === 'paragraph' || type === 'heading' || type === 'tableCell';
  return isWhole ? withoutOpenTags(content.join('')) : content.join('');
}

/** Shows a tag as text where nothing closes it in its paragraph, or in the document: the text speaks of it. */
function withoutOpenTags(html: string): string {
  const closed = new Map<string, number>();
  let lower: string | undefined;
  return html.replaceAll(opaque, (tag, given: string, at: number) => {
    const name = given.toLowerCase();
    lower ??= html.toLowerCase();
    const end = closed.get(name) ?? lower.lastIndexOf(`</${name}`);
    closed.set(name, end);
    return end > at ? tag : `&lt;${given}`;
  });
}

function tableHtml({ children = [] }: MarkdownNode, depth: number): string {
  const rows = children.map(({ children: cells = [] }, index) => {
    const tag = index === 0 ? 'th' : 'td';
    return `<tr>${cells.map((cell) => `<${tag}>${contentOf(cell, depth + 2)}</${tag}>`).join('')}</tr>`;
  });
  return `<table><thead>${rows[0] ?? ''}</thead><tbody>${rows.slice(1).join('')}</tbody></table>\n`;
}
