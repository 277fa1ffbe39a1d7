import type { PhrasingContent, Root, RootContent } from 'mdast';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { type Processor, unified } from 'unified';

/** Blocks are told apart line by line before: what comes here is the text of one. */
const BLOCKS = [
  ...['headingAtx', 'setextUnderline', 'blockQuote', 'list', 'codeIndented', 'codeFenced'],
  ...['thematicBreak', 'definition', 'htmlFlow', 'table', 'gfmFootnoteDefinition'],
];

function inlineOnly(this: Processor): void {
  const data = this.data();
  (data.micromarkExtensions ??= []).push({ disable: { null: BLOCKS } });
}

const parser = unified().use(remarkParse).use(remarkGfm).use(inlineOnly).freeze();

/** A sign of multiplication between numbers or single letters is no emphasis. */
const TIMES = /(?<=\p{N}|\)|(?<![\p{L}\p{M}\p{N}])[a-zA-Z])\*(?=\p{N}|\(|[a-zA-Z](?![\p{L}\p{M}\p{N}]))/gu;
/** Code is said as it is: nothing in it is escaped. */
const CODE_OR_TIMES = new RegExp(`(?<code>(\`+)[^]*?(?<!\`)\\2(?!\`))|${TIMES.source}`, 'gu');
/** Marks that the syntax does not take for emphasis, as beside punctuation in Chinese. */
const STRAY_MARK = /(?<=[^\s\d*])\*{2,3}(?=[^\s\d*])/gu;
/** Marks of emphasis that began or ended in another sentence. */
const OPEN_MARK = /(?<=^|[\s(["'“„«¿¡])(?:\*{1,3}|_{1,3}|~~)(?=[\p{L}\p{N}"'“„«([¿¡$€£])/gu;
const CLOSE_MARK = /(?<=[\p{L}\p{M}\p{N}.,;:!?…)\]"'”“»%])(?:\*{1,3}|_{1,3}|~~)(?=$|[\s.,;:!?…)"'”»])/gu;
/** Numbers of passages, notes by their names, and citations as some models write them. */
const CITATION = /\s?\[(?:\^[^\]\s]{1,64}|\d{1,4}(?:\s?[,–-]\s?\d{1,4})*)\]|\s?【[^】\n]{1,40}】/g;
/** Tags within words; all others stand between texts. */
const INLINE_TAG =
  /^<\/?(?:a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr)\b|^<!/i;
const HIGHLIGHT = /(?<![=\p{L}\p{N}])==(?=\S)([^=\n]{1,200})(?<=\S)==(?![=\p{L}\p{N}])/gu;
/** A bar between cells of a table without bars at its edges. */
const CELL_BAR = /\s+\|(?=\s)/g;
const REFERENCE = /\[([^[\]]+)\](?:\[[^[\]]*\])?/g;
/** Links whose words hold the end of a sentence come in two pieces. */
const CUT_LINK_END = /^([^[\]]*)\]\([^()\s]*\)/;
const CUT_LINK_START = /\[(?=[^\]]*$)/g;
const EMOJI =
  /(?:\p{RI}{2}|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u2600-\u27bf\u{1f000}-\u{1faff}])(?:\p{EMod}|\ufe0f|\u200d\p{Extended_Pictographic})*)/gu;
const KEYCAP = /([0-9#*])\ufe0f?\u20e3/gu;

/** What a voice says for the markdown of one sentence. */
export function speechOfInline(markdown: string): string {
  const tree: Root = parser.parse(
    markdown
      .replace(CUT_LINK_END, '$1')
      .replace(CODE_OR_TIMES, (found) => (found === '*' ? String.raw`\*` : found)),
  );
  const text = tree.children.map((node) => speechOf(node)).join(' ');
  return text
    .replace(KEYCAP, '$1')
    .replace(EMOJI, '')
    .replace(/\s+/gu, ' ')
    .replace(/ (?=[.,;:!?…)\]}](?:\s|$))/gu, '')
    .trim();
}

function speechOf(node: RootContent): string {
  if (node.type === 'text') return plain(node.value);
  if (node.type === 'inlineCode') return node.value;
  if (node.type === 'image' || node.type === 'imageReference') return node.alt ?? '';
  if (node.type === 'break') return ' ';
  if (node.type === 'html') return INLINE_TAG.test(node.value) ? '' : ' ';
  if (node.type === 'link') return addressOf(node.url, node.children);
  return 'children' in node ? node.children.map((child) => speechOf(child)).join('') : '';
}

/** The words of a link; of a bare address its host, of an e-mail address all of it. */
function addressOf(url: string, children: readonly PhrasingContent[]): string {
  const words = children.map((child) => speechOf(child)).join('');
  const isBare = words === url || /^(?:https?:\/\/|www\.)\S+$/i.test(words);
  if (!isBare || !URL.canParse(url)) return words;
  const { hostname, protocol } = new URL(url);
  return protocol.startsWith('http') ? hostname.replace(/^www\./, '') : words;
}

function plain(text: string): string {
  return text
    .replace(CITATION, '')
    .replace(HIGHLIGHT, '$1')
    .replace(CELL_BAR, ',')
    .replace(REFERENCE, '$1')
    .replace(CUT_LINK_START, '')
    .replace(/<\/?[a-zA-Z][^<>]*$/, '')
    .replace(STRAY_MARK, '')
    .replace(OPEN_MARK, '')
    .replace(CLOSE_MARK, '');
}
