import { type Block, collapse, flatten, type TableBlock } from './blocks.ts';
import { attribute, contains, type Element, isElement, textOf } from './html-nodes.ts';

/** Reads what is in a cell or a caption. */
export type CellReader = (element: Element) => Block[];

interface Row {
  cells: string[];
  isHeader: boolean;
}

/** A cell that reaches into the rows below it. */
interface Reaching {
  text: string;
  rows: number;
}

const MAX_SPAN = 1000;
const MAX_COLUMNS = 1000;
const MAX_HEADER_ROWS = 3;
/** The lines of a short cell are one line; longer ones are kept. */
const SHORT_CELL = 120;
/** A cell that reaches over several rows is repeated in each, unless it is prose. */
const REPEATED_CELL = 100;
/** A table without header and with cells of this size places text on the page. */
const PROSE_CELL = 600;

/** Whether a table places text on the page instead of holding data. */
export function isLayout(table: Element): boolean {
  const role = attribute(table, 'role');
  if (role === 'presentation' || role === 'none') return true;
  if (contains(table, ({ tagName }) => tagName === 'table' || /^h[1-6]$/.test(tagName))) return true;
  const rows = rowsIn(table).map(({ row }) => cellsIn(row));
  if (contains(table, ({ tagName }) => tagName === 'th')) return false;
  return (
    rows.every((cells) => cells.length < 2) ||
    rows.some((cells) => cells.some((cell) => textOf(cell).length > PROSE_CELL))
  );
}

/** Reads a table of data; null where it is empty. */
export function readTable(table: Element, readCell: CellReader): TableBlock | null {
  const reaching = new Map<number, Reaching>();
  const rows = rowsIn(table)
    .map(({ row, isHead }) => readRow(row, { isHead, reaching, readCell }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  let headers = rows.findIndex(({ isHeader }) => !isHeader);
  headers = headers === -1 ? 0 : Math.min(headers, MAX_HEADER_ROWS);
  const caption = captionOf(table);
  const block: TableBlock = {
    kind: 'table',
    caption: caption ? oneLine(flatten(readCell(caption))) : '',
    header: rows.slice(0, headers).map(lineOf).join('\n'),
    rows: rows.slice(headers).map(lineOf),
  };
  return block.rows.length === 0 && block.caption === '' ? null : block;
}

/** The caption of a table: its own, or that of the figure that it is in. */
function captionOf(table: Element): Element | undefined {
  const own = table.childNodes.filter(isElement).find(({ tagName }) => tagName === 'caption');
  const figure = table.parentNode;
  if (own || !figure || !isElement(figure) || figure.tagName !== 'figure') return own;
  return figure.childNodes.filter(isElement).find(({ tagName }) => tagName === 'figcaption');
}

/** Whether a figure's caption is read as the caption of the table in it. */
export function isTableCaption(element: Element): boolean {
  const figure = element.parentNode;
  return (
    element.tagName === 'figcaption' &&
    figure !== null &&
    figure.childNodes
      .filter(isElement)
      .some((child) => child.tagName === 'table' && captionOf(child) === element)
  );
}

function rowsIn(table: Element): { row: Element; isHead: boolean }[] {
  return table.childNodes.filter(isElement).flatMap((child) => {
    if (child.tagName === 'tr') return [{ row: child, isHead: false }];
    if (!['thead', 'tbody', 'tfoot'].includes(child.tagName)) return [];
    const isHead = child.tagName === 'thead';
    return child.childNodes
      .filter(isElement)
      .filter(({ tagName }) => tagName === 'tr')
      .map((row) => ({ row, isHead }));
  });
}

const cellsIn = (row: Element): Element[] =>
  row.childNodes.filter(isElement).filter(({ tagName }) => tagName === 'td' || tagName === 'th');

function readRow(
  row: Element,
  given: { isHead: boolean; reaching: Map<number, Reaching>; readCell: CellReader },
): Row {
  const { isHead, reaching, readCell } = given;
  const found = cellsIn(row);
  const cells: string[] = [];
  const takeReaching = (): void => {
    for (let above = reaching.get(cells.length); above; above = reaching.get(cells.length)) {
      above.rows -= 1;
      if (above.rows === 0) reaching.delete(cells.length);
      cells.push(above.text);
    }
  };
  for (const cell of found) {
    takeReaching();
    if (cells.length >= MAX_COLUMNS) break;
    const text = cellText(flatten(readCell(cell)));
    const rows = spanOf(cell, 'rowspan') - 1;
    if (rows > 0) reaching.set(cells.length, { text: text.length <= REPEATED_CELL ? text : '', rows });
    cells.push(text, ...Array.from({ length: Math.min(spanOf(cell, 'colspan') - 1, MAX_COLUMNS) }, () => ''));
  }
  takeReaching();
  return { cells, isHeader: isHead || (found.length > 0 && found.every(({ tagName }) => tagName === 'th')) };
}

function spanOf(cell: Element, name: 'colspan' | 'rowspan'): number {
  const span = Number.parseInt(attribute(cell, name) ?? '', 10);
  // Zero reaches to the last row.
  if (span === 0 && name === 'rowspan') return MAX_SPAN;
  return span >= 1 ? Math.min(span, MAX_SPAN) : 1;
}

const oneLine = (text: string): string => collapse(text).replaceAll('\n', ' ');

function cellText(text: string): string {
  return text.length <= SHORT_CELL ? oneLine(text) : text;
}

/** Cells side by side; an empty one keeps its place, so that values stay under their header. */
function lineOf({ cells }: Row): string {
  const last = cells.findLastIndex((cell) => cell !== '');
  return cells
    .slice(0, last + 1)
    .join(' | ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
}
