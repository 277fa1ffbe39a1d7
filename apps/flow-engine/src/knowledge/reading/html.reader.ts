import { defaultTreeAdapter, parse } from 'parse5';
import type { DefaultTreeAdapterTypes, DefaultTreeAdapterMap, TreeAdapter } from 'parse5';
import { collapse, LINE_BREAK, MAX_DEPTH, MAX_NODES, UnreadableDocumentError } from './blocks.ts';
import type { Block } from './blocks.ts';

type Node = DefaultTreeAdapterTypes.ChildNode;
type Parent = DefaultTreeAdapterTypes.ParentNode;
type Element = DefaultTreeAdapterTypes.Element;

const skippedTags = new Set(
  'script style noscript template nav footer form button select input textarea svg math iframe object embed video audio canvas dialog head'.split(
    ' ',
  ),
);
const skippedRoles = new Set(['navigation', 'banner', 'contentinfo', 'search', 'menu', 'menubar', 'toolbar']);
const skippedClasses =
  /(^|[\s_-])(navheader|navfooter|navbar|nav|breadcrumbs?|sidebar|cookie-?banner|skip-link|sr-only)([\s_-]|$)/i;
const blockTags = new Set(
  'address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
/** Boxes such as "Note" carry a heading of their own that is no part of the outline. */
const boxHeadings = new Set([
  'note',
  'notes',
  'tip',
  'hint',
  'caution',
  'warning',
  'important',
  'danger',
  'example',
]);

const isElement = (node: Node | Parent): node is Element => 'tagName' in node;
const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((entry) => entry.name === name)?.value;

/** Stops the parser as soon as a document nests too deep or grows too large: hostile markup costs square time later. */
function limitedAdapter(): TreeAdapter<DefaultTreeAdapterMap> {
  const depths = new WeakMap<object, number>();
  let nodes = 0;
  const count = (parent: object, child: object): void => {
    const depth = (depths.get(parent) ?? 0) + 1;
    depths.set(child, depth);
    nodes += 1;
    if (depth > MAX_DEPTH) {
      throw new UnreadableDocumentError(
        `The HTML nests its elements more than ${MAX_DEPTH} levels deep. Simplify it, or save the page as text.`,
      );
    }
    if (nodes > MAX_NODES) {
      throw new UnreadableDocumentError(
        `The HTML has more than ${MAX_NODES} elements. Split it into several documents.`,
      );
    }
  };
  return {
    ...defaultTreeAdapter,
    appendChild(parent, child) {
      count(parent, child);
      defaultTreeAdapter.appendChild(parent, child);
    },
    insertBefore(parent, child, reference) {
      count(parent, child);
      defaultTreeAdapter.insertBefore(parent, child, reference);
    },
  };
}

const isContents = (element: Element): boolean => /(^|\s)toc(\s|$)/.test(attribute(element, 'class') ?? '');

function isBoilerplate(element: Element): boolean {
  const id = attribute(element, 'id') ?? '';
  return (
    skippedTags.has(element.tagName) ||
    skippedRoles.has(attribute(element, 'role') ?? '') ||
    skippedClasses.test(attribute(element, 'class') ?? '') ||
    skippedClasses.test(id) ||
    attribute(element, 'hidden') !== undefined ||
    attribute(element, 'aria-hidden') === 'true' ||
    (element.tagName === 'header' && !isInContent(element))
  );
}

function isInContent(element: Element): boolean {
  for (let node: Parent | null = element.parentNode; node && isElement(node); node = node.parentNode) {
    if (node.tagName === 'article' || node.tagName === 'main' || node.tagName === 'section') {
      return true;
    }
  }
  return false;
}

interface TextMeasure {
  all: number;
  linked: number;
  links: number;
}

function measureLinks(node: Node, inLink: boolean, measure: TextMeasure): TextMeasure {
  if (node.nodeName === '#text') {
    const length = (node as DefaultTreeAdapterTypes.TextNode).value.trim().length;
    measure.all += length;
    measure.linked += inLink ? length : 0;
  } else if (isElement(node)) {
    const isLink = node.tagName === 'a' && attribute(node, 'href') !== undefined;
    measure.links += isLink ? 1 : 0;
    for (const child of node.childNodes) {
      measureLinks(child, inLink || isLink, measure);
    }
  }
  return measure;
}

/** A list that is made of links (menu, table of contents, index at the back) says where things are, not what they are. */
function isLinkList(element: Element): boolean {
  if (!['ul', 'ol', 'dl', 'table'].includes(element.tagName)) {
    return false;
  }
  const { all, linked, links } = measureLinks(element, false, { all: 0, linked: 0, links: 0 });
  return (links >= 5 && linked > all * 0.7) || (links >= 20 && linked > all * 0.5);
}

/** Text with the white space of its source: for code. */
function rawText(node: Node): string {
  if (node.nodeName === '#text') {
    return (node as DefaultTreeAdapterTypes.TextNode).value;
  }
  if (!isElement(node) || skippedTags.has(node.tagName)) {
    return '';
  }
  return node.tagName === 'br' ? '\n' : node.childNodes.map(rawText).join('');
}

/** Flattens blocks to lines: for cells and terms. */
function flatten(blocks: Block[]): string {
  return blocks
    .map((block) => (block.kind === 'entry' ? `${block.term}\n${flatten(block.blocks)}` : block.text))
    .join('\n')
    .trim();
}

class HtmlBlocks {
  readonly blocks: Block[] = [];
  private readonly keepLinks: boolean;
  private inline = '';

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
    for (const node of nodes) {
      this.read(node);
    }
  }

  private read(node: Node): void {
    if (node.nodeName === '#text') {
      this.inline += (node as DefaultTreeAdapterTypes.TextNode).value;
    } else if (isElement(node) && !this.isSkipped(node)) {
      this.readElement(node);
    }
  }

  private isSkipped(element: Element): boolean {
    return isBoilerplate(element) || (!this.keepLinks && (isContents(element) || isLinkList(element)));
  }

  private readElement(element: Element): void {
    const { tagName } = element;
    if (!blockTags.has(tagName)) {
      this.inline += tagName === 'br' ? LINE_BREAK : '';
      this.readAll(element.childNodes);
      return;
    }
    this.flush();
    if (/^h[1-6]$/.test(tagName)) {
      this.readHeading(element, Number(tagName.charAt(1)));
    } else if (tagName === 'pre') {
      this.readCode(element);
    } else if (tagName === 'dl') {
      this.readDefinitions(element);
    } else if (tagName === 'tr') {
      this.readRow(element);
    } else {
      this.readAll(element.childNodes);
    }
    this.flush();
  }

  private flush(): void {
    const text = collapse(this.inline);
    this.inline = '';
    if (text !== '') {
      this.blocks.push({ kind: 'text', text });
    }
  }

  private readHeading(element: Element, level: number): void {
    const text = collapse(flatten(HtmlBlocks.of(element.childNodes, this.keepLinks))).replaceAll('\n', ' ');
    if (text !== '' && !boxHeadings.has(text.toLowerCase())) {
      this.blocks.push({ kind: 'heading', level, text });
    }
  }

  private readCode(element: Element): void {
    const text = rawText(element).replace(/^\s*\n|\s+$/g, '');
    if (text.trim() !== '') {
      this.blocks.push({ kind: 'code', text });
    }
  }

  private readDefinitions(list: Element): void {
    let terms: string[] = [];
    for (const item of definitionItems(list)) {
      if (item.tagName === 'dt') {
        terms.push(flatten(HtmlBlocks.of(item.childNodes, this.keepLinks)));
        continue;
      }
      const blocks = HtmlBlocks.of(item.childNodes, this.keepLinks);
      const term = terms.filter((text) => text !== '').join('\n');
      terms = [];
      this.blocks.push(...(term === '' ? blocks : [{ kind: 'entry' as const, term, blocks }]));
    }
    this.blocks.push(...terms.filter((text) => text !== '').map((text) => ({ kind: 'text' as const, text })));
  }

  private readRow(row: Element): void {
    const cells = row.childNodes
      .filter((node): node is Element => isElement(node) && ['td', 'th'].includes(node.tagName))
      .map((cell) => flatten(HtmlBlocks.of(cell.childNodes, this.keepLinks)))
      .filter((text) => text !== '');
    if (cells.length > 0) {
      this.blocks.push({ kind: 'text', text: cells.join(' | ') });
    }
  }
}

/** The dt and dd of a list, also where they are wrapped in div. */
function definitionItems(list: Element): Element[] {
  return list.childNodes
    .filter(isElement)
    .flatMap((child) => (child.tagName === 'div' ? child.childNodes.filter(isElement) : [child]))
    .filter((child) => child.tagName === 'dt' || child.tagName === 'dd');
}

/** The text of a page with its outline, without what every page of the site repeats; link lists only where there is nothing else. */
export function readHtml(source: string): Block[] {
  const document = parse(source, { treeAdapter: limitedAdapter() });
  const blocks = HtmlBlocks.of(document.childNodes, false);
  const hasText = blocks.some((block) => block.kind !== 'heading');
  return hasText ? blocks : HtmlBlocks.of(document.childNodes, true);
}
