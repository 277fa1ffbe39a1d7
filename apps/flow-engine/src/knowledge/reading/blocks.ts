/** A run of text in a document, before it is cut into passages. */
export type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  /** A term with its description, or a named setting with its explanation. */
  | { kind: 'entry'; term: string; blocks: Block[] }
  | TableBlock;

/** A table: its caption and header go with every piece of it. */
export interface TableBlock {
  kind: 'table';
  /** Empty where the table has none. */
  caption: string;
  /** The header rows, one a line; empty where the table has none. */
  header: string;
  rows: string[];
}

/** What a reader makes of a document. */
export interface ReadText {
  /** The title that the document gives itself; null where it gives none. */
  title: string | null;
  blocks: Block[];
}

/**
 * A passage as it is stored; `sentences` holds start and end of each sentence in `text`, one pair after another. What lies
 * between sentences (the caption and header above rows of a table) is indexed, but not quoted.
 */
export interface ReadPassage {
  headingPath: string[];
  text: string;
  sentences: number[];
}

export interface DocumentSource {
  title: string;
  mediaType: string;
  text: string;
}

/** The document cannot be read; the message is shown to the person who added it. */
export class UnreadableDocumentError extends Error {
  override readonly name = 'UnreadableDocumentError';
}

export const MAX_DEPTH = 300;
export const MAX_NODES = 1_000_000;

/** Text as it is shown: one space between words, line breaks only where marked. */
export function collapse(text: string): string {
  return text
    .split(LINE_BREAK)
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** Mark that `collapse` turns into a line break; no document text holds it. */
export const LINE_BREAK = '\u0001';

/** Flattens blocks to lines. */
export function flatten(blocks: readonly Block[]): string {
  return blocks.map(linesOf).join('\n').trim();
}

function linesOf(block: Block): string {
  if (block.kind === 'entry') return `${block.term}\n${flatten(block.blocks)}`;
  if (block.kind === 'table')
    return [block.caption, block.header, ...block.rows].filter((line) => line !== '').join('\n');
  return block.text;
}
