import { collapse } from './blocks.ts';
import type { Block, ReadText } from './blocks.ts';

/** Lines that look like a table or a listing keep their line breaks; others are filled paragraphs. */
function isListing(lines: string[]): boolean {
  return (
    lines.length > 1 &&
    lines.filter((line) => /^\s*([-*•]|\d+[.)])\s|\t| {3,}/.test(line)).length * 2 >= lines.length
  );
}

/** Paragraphs of plain text, separated by empty lines. */
export function readText(source: string): ReadText {
  const blocks = source
    .split(/\n[ \t]*\n+/)
    .map((paragraph) => paragraph.split('\n'))
    .map((lines): Block => {
      const text = isListing(lines)
        ? lines
            .map((line) => collapse(line))
            .filter((line) => line !== '')
            .join('\n')
        : collapse(lines.join(' '));
      return { kind: 'text', text };
    })
    .filter((block) => block.kind === 'text' && block.text !== '');
  return { title: null, blocks };
}
