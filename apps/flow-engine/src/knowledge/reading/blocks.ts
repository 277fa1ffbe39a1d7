/** A run of text in a document, before it is cut into passages. */
export type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  /** A term with its description, or a named setting with its explanation. */
  | { kind: 'entry'; term: string; blocks: Block[] };

/** A passage as it is stored; `sentences` holds start and end of each sentence in `text`, one pair after another. */
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
    .split('\u0001')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** Mark that `collapse` turns into a line break; no document text holds it. */
export const LINE_BREAK = '\u0001';
