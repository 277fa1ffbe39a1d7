import { cleanText } from '@parley/text';
import { parseFragment } from 'parse5';
import { collapse } from './blocks.ts';
import { takeFrontMatter } from './front-matter.ts';
import { isText } from './html-nodes.ts';

const HEAD = 64 * 1024;
const MAX_TITLE = 500;

/** The title that a document gives itself: `<title>` of HTML, front matter of Markdown; null where it gives none. */
export function ownTitleOf({ mediaType, text }: { mediaType: string; text: string }): string | null {
  const head = text.slice(0, HEAD);
  if (mediaType === 'text/html') return htmlTitle(head);
  if (mediaType !== 'text/markdown') return null;
  return takeFrontMatter(cleanText(head.replace(/\r\n?/g, '\n'))).title;
}

function htmlTitle(head: string): string | null {
  const opens = head.search(/<title[\s>]/i);
  const begins = opens === -1 ? 0 : head.indexOf('>', opens) + 1;
  const ends = begins === 0 ? -1 : head.indexOf('<', begins);
  if (ends === -1 || ends - begins > MAX_TITLE) return null;
  const { childNodes } = parseFragment(head.slice(begins, ends));
  const title = collapse(cleanText(childNodes.map((node) => (isText(node) ? node.value : '')).join('')));
  return title === '' ? null : title.replaceAll('\n', ' ');
}
