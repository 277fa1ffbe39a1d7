import { attribute, type Element, isElement, isText, type Node, type Parent } from './html-nodes.ts';

const skippedTags = new Set(
  'script style noscript template nav footer button input textarea svg math iframe object embed video audio canvas dialog head rp'.split(
    ' ',
  ),
);
const skippedRoles = new Set(['navigation', 'banner', 'contentinfo', 'search', 'menu', 'menubar', 'toolbar']);
const skippedClasses =
  /(^|[\s_-])(navheader|navfooter|navbar|nav|breadcrumbs?|sidebar|cookie-?banner|skip-link|sr-only)([\s_-]|$)/i;
const invisible = /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b/i;
/** Longer choices (countries, time zones) say nothing of their page. */
const MAX_OPTIONS = 30;

const isContents = (element: Element): boolean => /(^|\s)toc(\s|$)/.test(attribute(element, 'class') ?? '');

/** What is no text of its page: scripts, controls, hidden elements, what every page of the site repeats. */
export function isSkipped(element: Element, keepLinks: boolean): boolean {
  return isBoilerplate(element) || (!keepLinks && (isContents(element) || isLinkList(element)));
}

function isBoilerplate(element: Element): boolean {
  const id = attribute(element, 'id') ?? '';
  return (
    skippedTags.has(element.tagName) ||
    skippedRoles.has(attribute(element, 'role') ?? '') ||
    skippedClasses.test(attribute(element, 'class') ?? '') ||
    skippedClasses.test(id) ||
    isHidden(element) ||
    (element.tagName === 'header' && !isInContent(element)) ||
    (element.tagName === 'select' && element.childNodes.filter(isElement).length > MAX_OPTIONS)
  );
}

function isHidden(element: Element): boolean {
  return (
    attribute(element, 'hidden') !== undefined ||
    attribute(element, 'aria-hidden') === 'true' ||
    invisible.test(attribute(element, 'style') ?? '')
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
  if (isText(node)) {
    const length = node.value.trim().length;
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
