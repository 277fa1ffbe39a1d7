import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';

/** A text with the line that it begins on. */
export interface Passage {
  line: number;
  text: string;
  /** A heading or a table cell, which is no sentence of a paragraph. */
  isLabel?: boolean;
}

/** The part of a Markdown node that is read here (mdast). */
interface Node {
  type: string;
  value?: string;
  position?: { start: { line: number } };
  children?: Node[];
}

const blocks = new Set(['paragraph', 'heading', 'tableCell']);

/** The prose of a Markdown page: paragraphs, headings and table cells. Code counts as one word and is not checked. */
export function proseOf(markdown: string): Passage[] {
  const tree: Node = unified().use(remarkParse).use(remarkGfm).parse(markdown);
  return collect(tree);
}

function collect(node: Node): Passage[] {
  if (!blocks.has(node.type)) return (node.children ?? []).flatMap(collect);
  const line = node.position?.start.line ?? 1;
  return [{ line, text: plain(node), ...(node.type === 'paragraph' ? {} : { isLabel: true }) }];
}

function plain(node: Node): string {
  if (node.type === 'inlineCode') return 'Code';
  return node.value ?? (node.children ?? []).map(plain).join('');
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The sentences of a passage. A colon before an enumeration ends no sentence. */
export function sentencesOf(text: string): string[] {
  return [...segmenter.segment(text.replaceAll(/\s+/g, ' '))]
    .map(({ segment }) => segment.trim())
    .filter((sentence) => wordsOf(sentence) > 0);
}

/** Words separated by spaces; a dash or another mark alone is none. */
export function wordsOf(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
