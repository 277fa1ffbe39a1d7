import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { type ReadText, UnreadableDocumentError } from './blocks.ts';
import { takeFrontMatter } from './front-matter.ts';
import { readHtml } from './html.reader.ts';
import { toHtml } from './markdown-html.ts';

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

/** The text of a Markdown document (GitHub's dialect, with HTML in it) with its outline; front matter gives its title. */
export function readMarkdown(source: string): ReadText {
  const { title, text } = takeFrontMatter(source);
  assertFlat(text);
  const tree = unified().use(remarkParse).use(remarkGfm).parse(text);
  return { title, blocks: readHtml(toHtml(tree), true).blocks };
}
