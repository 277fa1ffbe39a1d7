/** Shows a text as DOM nodes: paragraphs, lists, code, bold, links. Nothing is ever parsed as HTML. */
export function richText(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const block of text.split(/\n{2,}/)) fragment.append(blockOf(block));
  return fragment;
}

function blockOf(block: string): HTMLElement {
  const fence = /^```[^\n]*\n([\s\S]*?)\n?```$/.exec(block.trim());
  if (fence) return element('pre', [element('code', [fence[1] ?? ''])], { dir: 'ltr' });
  const lines = block.split('\n');
  if (lines.every((line) => /^\s*[-*•] /.test(line))) {
    return element(
      'ul',
      lines.map((line) => element('li', inline(line.replace(/^\s*[-*•] /, '')))),
      { dir: 'auto' },
    );
  }
  const children = lines.flatMap((line, index) =>
    index === 0 ? inline(line) : [document.createElement('br'), ...inline(line)],
  );
  return element('p', children);
}

const TOKEN =
  /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?])/g;

function inline(text: string): (Node | string)[] {
  const nodes: (Node | string)[] = [];
  let last = 0;
  for (const match of text.matchAll(TOKEN)) {
    nodes.push(text.slice(last, match.index), tokenOf(match));
    last = match.index + match[0].length;
  }
  nodes.push(text.slice(last));
  return nodes;
}

function tokenOf(match: RegExpMatchArray): Node {
  const [, code, bold, label, href, bare] = match;
  if (code) return element('code', [code]);
  if (bold) return element('strong', [bold]);
  return link(href ?? bare ?? '', label ?? bare ?? '');
}

/** A link that opens elsewhere and tells the target nothing. */
export function link(href: string, label: string): HTMLAnchorElement {
  const anchor = element('a', [label]);
  anchor.href = href;
  anchor.target = '_blank';
  anchor.rel = 'noopener noreferrer nofollow';
  return anchor;
}

/** An element with children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  children: (Node | string)[] = [],
  attributes: Record<string, string> = {},
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
