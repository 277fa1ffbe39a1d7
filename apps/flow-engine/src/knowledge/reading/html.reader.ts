import { cleanText } from '@parley/text';
import { parse } from 'parse5';
import { type Block, collapse, flatten, type ReadText } from './blocks.ts';
import { isSkipped } from './html-boilerplate.ts';
import { InlineText } from './html-inline.ts';
import {
  attribute,
  contains,
  type Element,
  isElement,
  isText,
  limitedAdapter,
  type Node,
  type Parent,
  textOf,
} from './html-nodes.ts';
import { isLayout, isTableCaption, readTable } from './html-table.ts';

const blockTags = new Set(
  'address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu ol optgroup option p pre search section select summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
/** Boxes such as "Note" carry a heading of their own that is no part of the outline. */
const boxes = 'note|notes|tip|hint|caution|warning|important|danger|example';
const boxHeading = new RegExp(`^(?:${boxes})$`, 'i');
const boxClass = new RegExp(`(?:^|[\\s_-])(?:${boxes})(?:[\\s_-]|$)`, 'i');
/** What names the table that follows it. */
const tableTitle = /^(?:table|tabelle|tableau|tabla|tabella|tabela|таблица|表|표)\s*[\d.]+\b|:$/iu;
const MAX_TABLE_TITLE = 200;

/** Text with the white space of its source: for code. */
function rawText(node: Node): string {
  if (isText(node)) return cleanText(node.value);
  if (!isElement(node) || isSkipped(node, true)) return '';
  return node.tagName === 'br' ? '\n' : node.childNodes.map(rawText).join('');
}

class HtmlBlocks {
  readonly blocks: Block[] = [];
  private readonly keepLinks: boolean;
  private readonly inline = new InlineText();

  constructor(keepLinks: boolean) {
    this.keepLinks = keepLinks;
  }

  static of(nodes: readonly Node[], keepLinks: boolean): Block[] {
    const reader = new HtmlBlocks(keepLinks);
    reader.readAll(nodes);
    reader.flush();
    return reader.blocks;
  }

  readAll(nodes: readonly Node[]): void {
    let before: Node | undefined;
    for (const node of nodes) {
      if (isText(node)) {
        this.inline.add(node.value);
      } else if (isElement(node) && !isSkipped(node, this.keepLinks)) {
        this.readElement(node, before);
      }
      // Comments and empty texts separate nothing.
      if (isElement(node) || (isText(node) && node.value !== '')) before = node;
    }
  }

  private within = (element: Element): Block[] => HtmlBlocks.of(element.childNodes, this.keepLinks);

  private readElement(element: Element, before: Node | undefined): void {
    const { tagName } = element;
    if (!blockTags.has(tagName)) {
      this.readInline(element, before);
      return;
    }
    this.flush();
    if (/^h[1-6]$/.test(tagName)) {
      this.readHeading(element, Number(tagName.charAt(1)));
    } else if (tagName === 'pre') {
      this.readCode(element);
    } else if (tagName === 'dl') {
      this.readDefinitions(element);
    } else if (tagName === 'table' && !isLayout(element)) {
      this.readTable(element);
    } else if (!isTableCaption(element)) {
      this.readAll(element.childNodes);
    }
    this.flush();
  }

  private readInline(element: Element, before: Node | undefined): void {
    const { tagName } = element;
    if (tagName === 'br') this.inline.breakLine();
    else if (tagName === 'sup') this.inline.raise(collapse(flatten(this.within(element))));
    else if (tagName === 'sub') this.inline.lower(collapse(flatten(this.within(element))));
    else if (tagName === 'rt') this.inline.add(`(${collapse(textOf(element))})`);
    else {
      this.inline.enter(element, before);
      this.readAll(element.childNodes);
      this.inline.leave(element);
    }
  }

  private flush(): void {
    const text = this.inline.take();
    if (text !== '') {
      this.blocks.push({ kind: 'text', text });
    }
  }

  private readHeading(element: Element, level: number): void {
    const text = collapse(flatten(this.within(element))).replaceAll('\n', ' ');
    const box = element.parentNode;
    const isBoxTitle =
      boxHeading.test(text) && box !== null && isElement(box) && boxClass.test(attribute(box, 'class') ?? '');
    if (text !== '' && !isBoxTitle) {
      this.blocks.push({ kind: 'heading', level, text });
    }
  }

  private readCode(element: Element): void {
    const text = rawText(element).replace(/^\s*\n|\s+$/g, '');
    if (text.trim() !== '') {
      this.blocks.push({ kind: 'code', text });
    }
  }

  private readTable(element: Element): void {
    const table = readTable(element, this.within);
    if (table === null) return;
    const before = this.blocks.at(-1);
    const isTitle =
      before?.kind === 'text' && before.text.length <= MAX_TABLE_TITLE && tableTitle.test(before.text);
    if (table.caption === '' && isTitle) {
      this.blocks.pop();
      table.caption = before.text;
    }
    this.blocks.push(table);
  }

  private readDefinitions(list: Element): void {
    let terms: string[] = [];
    let entry: Block | null = null;
    for (const item of definitionItems(list)) {
      if (item.tagName === 'dt') {
        terms.push(flatten(this.within(item)));
        continue;
      }
      const blocks = this.within(item);
      // A term may have several descriptions.
      if (terms.length === 0 && entry?.kind === 'entry') {
        entry.blocks.push(...blocks);
        continue;
      }
      const term = terms.filter((text) => text !== '').join('\n');
      terms = [];
      entry = term === '' ? null : { kind: 'entry', term, blocks };
      this.blocks.push(...(entry === null ? blocks : [entry]));
    }
    this.blocks.push(...terms.filter((text) => text !== '').map((text) => ({ kind: 'text' as const, text })));
  }
}

/** The dt and dd of a list, also where they are wrapped in div. */
function definitionItems(list: Element): Element[] {
  return list.childNodes
    .filter(isElement)
    .flatMap((child) => (child.tagName === 'div' ? child.childNodes.filter(isElement) : [child]))
    .filter((child) => child.tagName === 'dt' || child.tagName === 'dd');
}

/**
 * The text of a page with its outline, without what every page of the site repeats; link lists only where there is nothing
 * else, or where they are asked for.
 */
export function readHtml(source: string, keepLinks = false): ReadText {
  const document = parse(source, { treeAdapter: limitedAdapter() });
  const title = titleIn(document);
  const blocks = HtmlBlocks.of(document.childNodes, keepLinks);
  const hasText = blocks.some((block) => block.kind !== 'heading');
  return { title, blocks: hasText || keepLinks ? blocks : HtmlBlocks.of(document.childNodes, true) };
}

function titleIn(document: Parent): string | null {
  let title: string | null = null;
  contains(document, (element) => {
    if (element.tagName !== 'title' || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') return false;
    title = collapse(textOf(element)).replaceAll('\n', ' ');
    return true;
  });
  return title === '' ? null : title;
}
