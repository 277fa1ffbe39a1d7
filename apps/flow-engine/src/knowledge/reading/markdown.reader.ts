import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { collapse, LINE_BREAK, MAX_DEPTH, UnreadableDocumentError } from './blocks.ts';
import type { Block } from './blocks.ts';
import { readHtml } from './html.reader.ts';

/** The part of a Markdown node that is read here (mdast). */
interface MarkdownNode {
  type: string;
  value?: string;
  alt?: string | null;
  depth?: number;
  children?: MarkdownNode[];
}

const MAX_CONTAINERS = 60;

/** Quote marks and list marks nested in one line cost the parser square time: refused before it starts. */
function assertFlat(text: string): void {
  const nested = new RegExp(`^[ \\t]*(?:(?:>|[-+*]|\\d{1,9}[.)])[ \\t]*){${MAX_CONTAINERS},}`, 'm');
  const rule = /^[ \t]*([-*_])[ \t]*(?:\1[ \t]*)+$/gm;
  if (nested.test(text.replace(rule, ''))) {
    throw new UnreadableDocumentError(
      `The Markdown nests quotes or lists more than ${MAX_CONTAINERS} levels deep. Flatten it and add it again.`,
    );
  }
}

function inlineText(node: MarkdownNode): string {
  switch (node.type) {
    case 'text':
    case 'inlineCode':
      return node.value ?? '';
    case 'break':
      return LINE_BREAK;
    case 'image':
      return node.alt ?? '';
    case 'html':
      return '';
    default:
      return (node.children ?? []).map(inlineText).join('');
  }
}

const oneLine = (node: MarkdownNode): string => collapse(inlineText(node)).replaceAll('\n', ' ');

function rowText(row: MarkdownNode): string {
  return (row.children ?? [])
    .map(oneLine)
    .filter((text) => text !== '')
    .join(' | ');
}

const leafReaders: Record<string, (node: MarkdownNode) => Block[]> = {
  heading: (node) => [{ kind: 'heading', level: node.depth ?? 1, text: oneLine(node) }],
  paragraph: (node) => [{ kind: 'text', text: collapse(inlineText(node)) }],
  code: (node) => [{ kind: 'code', text: node.value ?? '' }],
  html: (node) => readHtml(node.value ?? ''),
  tableRow: (node) => [{ kind: 'text', text: rowText(node) }],
  definition: () => [],
  thematicBreak: () => [],
};

function blocksOf(node: MarkdownNode, depth: number): Block[] {
  if (depth > MAX_DEPTH) {
    throw new UnreadableDocumentError(`The Markdown nests more than ${MAX_DEPTH} levels deep.`);
  }
  const leaf = leafReaders[node.type];
  return leaf ? leaf(node) : (node.children ?? []).flatMap((child) => blocksOf(child, depth + 1));
}

/** The text of a Markdown document (GitHub's dialect) with its outline; front matter is left out. */
export function readMarkdown(source: string): Block[] {
  const text = source.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '');
  assertFlat(text);
  const tree: MarkdownNode = unified().use(remarkParse).use(remarkGfm).parse(text);
  return blocksOf(tree, 0);
}
