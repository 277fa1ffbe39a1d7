import { defaultTreeAdapter } from 'parse5';
import type { DefaultTreeAdapterMap, DefaultTreeAdapterTypes, TreeAdapter } from 'parse5';
import { MAX_DEPTH, MAX_NODES, UnreadableDocumentError } from './blocks.ts';

export type Node = DefaultTreeAdapterTypes.ChildNode;
export type Parent = DefaultTreeAdapterTypes.ParentNode;
export type Element = DefaultTreeAdapterTypes.Element;

export const isElement = (node: Node | Parent): node is Element => 'tagName' in node;

export const isText = (node: Node): node is DefaultTreeAdapterTypes.TextNode => node.nodeName === '#text';

export const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((entry) => entry.name === name)?.value;

/** The text of an element and all within it. */
export function textOf(node: Node): string {
  if (isText(node)) return node.value;
  return isElement(node) ? node.childNodes.map(textOf).join('') : '';
}

/** Whether an element is below a parent, at any depth. */
export function contains(parent: Parent, isMeant: (element: Element) => boolean): boolean {
  return parent.childNodes.some((child) => isElement(child) && (isMeant(child) || contains(child, isMeant)));
}

/** Stops the parser as soon as a document nests too deep or grows too large: hostile markup costs square time later. */
export function limitedAdapter(): TreeAdapter<DefaultTreeAdapterMap> {
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
