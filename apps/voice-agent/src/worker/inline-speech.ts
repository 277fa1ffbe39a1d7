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
/** Marks that the syntax does not take for emphasis, as beside punctuation in Chinese. */
const STRAY_MARK = /(?<=[^\s\d*])\*{2,3}(?=[^\s\d*])/gu;
/** Marks of emphasis that began or ended in another sentence. */
const OPEN_MARK = /(?<=^|[\s(["'“„«¿¡])(?:\*{1,3}|_{1,3}|~~)(?=[\p{L}\p{N}"'“„«([¿¡$€£])/gu;
const CLOSE_MARK = /(?<=[\p{L}\p{M}\p{N}.,;:!?…)\]"'”“»%])(?:\*{1,3}|_{1,3}|~~)(?=$|[\s.,;:!?…)"'”»])/gu;
const CITATION = /\s?\[\^?\d{1,4}(?:\s?[,–-]\s?\d{1,4})*\]/g;
const REFERENCE = /\[([^[\]]+)\](?:\[[^[\]]*\])?/g;
/** Links whose words hold the end of a sentence come in two pieces. */
const CUT_LINK_END = /^([^[\]]*)\]\([^()\s]*\)/;
const CUT_LINK_START = /\[(?=[^\]]*$)/g;
const EMOJI =
  /(?:\p{RI}{2}|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u2600-\u27bf\u{1f000}-\u{1faff}])(?:\p{EMod}|\ufe0f|\u200d\p{Extended_Pictographic})*)/gu;
const KEYCAP = /([0-9#*])\ufe0f?\u20e3/gu;

/** What a voice says for the markdown of one sentence. */
export function speechOfInline(markdown: string): string {
  const tree: Root = parser.parse(markdown.replace(CUT_LINK_END, '$1').replace(TIMES, String.raw`\*`));
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
  if (node.type === 'html') return /^<(?:br|hr|p|li|td|th|div)\b/i.test(node.value) ? ' ' : '';
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
    .replace(REFERENCE, '$1')
    .replace(CUT_LINK_START, '')
    .replace(/<\/?[a-zA-Z][^<>]*$/, '')
    .replace(STRAY_MARK, '')
    .replace(OPEN_MARK, '')
    .replace(CLOSE_MARK, '');
}
