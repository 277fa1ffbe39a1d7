import { cleanText } from '@parley/text';
import { collapse, LINE_BREAK } from './blocks.ts';
import { attribute, type Element, isElement, type Node, textOf } from './html-nodes.ts';

const WORD_END = /[\p{L}\p{N}]$/u;
const WORD_START = /^[\p{L}\p{N}]/u;
/** Text whose parts are coloured, not separate: names stay whole. */
const codeTags = new Set(['code', 'kbd', 'pre', 'samp', 'tt', 'var']);
const unitRoles = new Set(
  'cell gridcell columnheader rowheader row listitem option tab term definition treeitem button heading'.split(
    ' ',
  ),
);
const LENGTH_UNIT = /(?:^|[^\p{L}])(?:mm|cm|dm|m|km|ft|in|yd|mi|s)$/u;
/** Longer words before raised or lowered text are seen in part. */
const TAIL = 64;
const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/**
 * Text of inline elements as it is put together. Elements beside each other without a space between them, and raised or
 * lowered text, never glue words or numbers together.
 */
export class InlineText {
  private readonly parts: string[] = [];
  /** The end of the text: looking at the whole of it for each element would take square time. */
  private tail = '';
  /** A space belongs before the next text if both are words. */
  private apart = false;

  add(given: string): void {
    const text = cleanText(given);
    if (text === '') return;
    if (this.apart && WORD_END.test(this.tail) && WORD_START.test(text)) this.push(' ');
    this.push(text);
    this.apart = false;
  }

  breakLine(): void {
    this.push(LINE_BREAK);
    this.apart = false;
  }

  /** To be called before an inline element is read, and `leave` after it. @param before the node that it follows */
  enter(element: Element, before: Node | undefined): void {
    if (isApart(element, before)) this.apart = true;
  }

  leave(element: Element): void {
    if (isUnit(element)) this.apart = true;
  }

  /** Raised text: an exponent (`10^2`, `m²`), an ending (`1st`) or a note. */
  raise(text: string): void {
    const [, base = ''] = /([\p{L}\p{N}]+|[)\]])$/u.exec(this.tail) ?? [];
    if (text === '' || base === '') return this.add(text);
    if (/^\d+$/.test(text) && LENGTH_UNIT.test(this.tail)) return this.add(raisedDigits(text));
    if (/\d$/.test(base) && /^\p{L}{1,3}$/u.test(text)) return this.add(text);
    if (isExponent(base, text)) return this.mark('^', text);
    this.apart = true;
    this.add(text);
  }

  /** Lowered text: a part of a formula (`H2O`) or an index (`x_i`). */
  lower(text: string): void {
    if (!WORD_START.test(text) || !/[\p{L}\p{N})\]]$/u.test(this.tail)) return this.add(text);
    if (/^\d+$/.test(text) && /[\p{L})\]]$/u.test(this.tail)) return this.add(text);
    this.mark('_', text);
  }

  private mark(sign: string, text: string): void {
    this.push(sign + (/[\s/]/.test(text) ? `(${text})` : text));
    this.apart = true;
  }

  /** The text so far; begins anew. */
  take(): string {
    const text = collapse(this.parts.join(''));
    this.parts.length = 0;
    this.tail = '';
    this.apart = false;
    return text;
  }

  private push(text: string): void {
    this.parts.push(text);
    this.tail = (this.tail + text).slice(-TAIL);
  }
}

/** Of a number, a letter or a bracket; digits at a word are a note. */
const isExponent = (base: string, text: string): boolean =>
  (base.length === 1 || /\d$/.test(base)) && WORD_START.test(text.replace(/^[-+−(]+/, ''));

const raisedDigits = (text: string): string =>
  text.replaceAll(/\d/g, (digit) => superscripts.charAt(Number(digit)));

/** An element of a page's own, or one that stands for a cell or the like. */
function isUnit(element: Element): boolean {
  return element.tagName.includes('-') || unitRoles.has(attribute(element, 'role') ?? '');
}

function isApart(element: Element, before: Node | undefined): boolean {
  if (element.tagName === 'wbr' || isInCode(element)) return false;
  if (isUnit(element)) return true;
  if (!before || !isElement(before) || before.tagName === 'wbr') return false;
  // Letters that are shown one by one.
  return textOf(before).trim().length > 1 || textOf(element).trim().length > 1;
}

function isInCode(element: Element): boolean {
  const parent = element.parentNode;
  return (
    codeTags.has(element.tagName) || (parent !== null && isElement(parent) && codeTags.has(parent.tagName))
  );
}
