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

function rowText(row: MarkdownNode): string {
  return (row.children ?? [])
    .map((cell) => collapse(inlineText(cell)).replaceAll('\n', ' '))
    .filter((text) => text !== '')
    .join(' | ');
}

function blocksOf(node: MarkdownNode, depth: number): Block[] {
  if (depth > MAX_DEPTH) {
    throw new UnreadableDocumentError(`The Markdown nests more than ${MAX_DEPTH} levels deep.`);
  }
  switch (node.type) {
    case 'heading':
      return [
        { kind: 'heading', level: node.depth ?? 1, text: collapse(inlineText(node)).replaceAll('\n', ' ') },
      ];
    case 'paragraph':
      return [{ kind: 'text', text: collapse(inlineText(node)) }];
    case 'code':
      return [{ kind: 'code', text: node.value ?? '' }];
    case 'html':
      return readHtml(node.value ?? '');
    case 'tableRow':
      return [{ kind: 'text', text: rowText(node) }];
    case 'yaml':
    case 'definition':
    case 'thematicBreak':
      return [];
    default:
      return (node.children ?? []).flatMap((child) => blocksOf(child, depth + 1));
  }
}

/** The text of a Markdown document (GitHub's dialect) with its outline; front matter is left out. */
export function readMarkdown(source: string): Block[] {
  const text = source.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '');
  assertFlat(text);
  const tree: MarkdownNode = unified().use(remarkParse).use(remarkGfm).parse(text);
  return blocksOf(tree, 0);
}
