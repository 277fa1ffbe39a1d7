import { sentencesOf } from '@parley/text';
import { cutPlace } from '../ranking/terms.ts';
import { type Block, type ReadPassage, UnreadableDocumentError } from './blocks.ts';

/** A passage is a few paragraphs: enough to stand alone, small enough to be about one thing. */
const TARGET_LENGTH = 600;
const MAX_LENGTH = 1500;
/** A described term of this size is a passage of its own, under its own name. */
const OWN_ENTRY_LENGTH = 350;
const MAX_CODE_UNIT = 600;
const MAX_HEADING = 200;
/** A document of the largest size has 14,000 passages of the target length; one with many more is all headings. */
const MAX_PASSAGES = 20_000;

interface Piece {
  text: string;
  sentences: number[];
}

const shift = (spans: readonly number[], by: number): number[] => spans.map((place) => place + by);

/** Start and end of every sentence, one pair after another. */
const sentencePlaces = (text: string): number[] =>
  sentencesOf(text).flatMap(({ start, end }) => [start, end]);

/** Code is quoted whole where it is short, else line by line. */
function codePiece(text: string): Piece {
  return { text, sentences: text.length <= MAX_CODE_UNIT ? [0, text.length] : sentencePlaces(text) };
}

function join(pieces: readonly Piece[], separator: string): Piece {
  let text = '';
  const sentences: number[] = [];
  for (const piece of pieces) {
    text += text === '' ? '' : separator;
    for (const place of piece.sentences) {
      sentences.push(place + text.length);
    }
    text += piece.text;
  }
  return { text, sentences };
}

/** Cuts a piece that is too long between sentences, or, where a sentence is itself too long, between words. */
function cut(piece: Piece): Piece[] {
  if (piece.text.length <= MAX_LENGTH) {
    return [piece];
  }
  const units: number[][] = [];
  for (let index = 0; index < piece.sentences.length; index += 2) {
    for (const span of cutSpan(piece.text, piece.sentences[index] ?? 0, piece.sentences[index + 1] ?? 0)) {
      units.push(span);
    }
  }
  const pieces: Piece[] = [];
  let first = 0;
  units.forEach(([, end = 0], index) => {
    const start = units[first]?.[0] ?? 0;
    const next = units[index + 1]?.[1];
    if (next === undefined || next - start > TARGET_LENGTH) {
      const spans = units.slice(first, index + 1).flat();
      pieces.push({ text: piece.text.slice(start, end), sentences: shift(spans, -start) });
      first = index + 1;
    }
  });
  return pieces;
}

function cutSpan(text: string, start: number, end: number): number[][] {
  const spans: number[][] = [];
  let from = start;
  while (end - from > MAX_LENGTH) {
    const space = text.slice(from, from + MAX_LENGTH + 1).lastIndexOf(' ');
    const to = space > 0 ? from + space : cutPlace(text, from + MAX_LENGTH);
    spans.push([from, to]);
    from = space > 0 ? to + 1 : to;
  }
  return [...spans, [from, end]];
}

class PassageBuilder {
  readonly passages: ReadPassage[] = [];
  private outline: { level: number; text: string }[] = [];
  private terms: string[] = [];
  private pieces: Piece[] = [];
  private size = 0;

  private readonly title: string;

  constructor(title: string) {
    this.title = title;
  }

  add(block: Block): void {
    if (block.kind === 'heading') {
      this.flush();
      this.outline = [...this.outline.filter((heading) => heading.level < block.level), block];
    } else if (block.kind === 'entry') {
      this.addEntry(block);
    } else {
      this.addPiece(
        block.kind === 'code'
          ? codePiece(block.text)
          : { text: block.text, sentences: sentencePlaces(block.text) },
      );
    }
  }

  private addEntry(entry: Extract<Block, { kind: 'entry' }>): void {
    const term: Piece = { text: entry.term, sentences: sentencePlaces(entry.term) };
    if (lengthOf(entry.blocks) < OWN_ENTRY_LENGTH) {
      this.addPiece(join([term, ...entry.blocks.flatMap((block) => plainPieces(block))], '\n'));
      return;
    }
    this.flush();
    this.terms.push(entry.term.replaceAll('\n', ', '));
    this.addPiece(term);
    for (const block of entry.blocks) {
      this.add(block.kind === 'heading' ? { kind: 'text', text: block.text } : block);
    }
    this.flush();
    this.terms.pop();
  }

  private addPiece(piece: Piece): void {
    for (const part of cut(piece)) {
      const isFull = this.size >= TARGET_LENGTH / 2 && this.size + part.text.length > TARGET_LENGTH;
      if (isFull || this.size + part.text.length > MAX_LENGTH) {
        this.flush();
      }
      this.pieces.push(part);
      this.size += part.text.length + 2;
    }
  }

  flush(): void {
    const { text, sentences } = join(this.pieces, '\n\n');
    this.pieces = [];
    this.size = 0;
    if (sentences.length === 0) {
      return;
    }
    if (this.passages.length === MAX_PASSAGES) {
      throw new UnreadableDocumentError(
        `The document has more than ${MAX_PASSAGES} sections. Split it into several documents.`,
      );
    }
    this.passages.push({ headingPath: this.headingPath(), text, sentences });
  }

  private headingPath(): string[] {
    const headings = [...this.outline.map((heading) => heading.text), ...this.terms];
    const rest = headings[0] === this.title ? headings.slice(1) : headings;
    return [this.title, ...rest].map((text) => text.slice(0, cutPlace(text, MAX_HEADING)));
  }
}

function lengthOf(blocks: readonly Block[]): number {
  return blocks.reduce(
    (sum, block) =>
      sum + (block.kind === 'entry' ? block.term.length + lengthOf(block.blocks) : block.text.length),
    0,
  );
}

function plainPieces(block: Block): Piece[] {
  if (block.kind === 'entry') {
    return [
      { text: block.term, sentences: sentencePlaces(block.term) },
      ...block.blocks.flatMap((inner) => plainPieces(inner)),
    ];
  }
  return [
    block.kind === 'code'
      ? codePiece(block.text)
      : { text: block.text, sentences: sentencePlaces(block.text) },
  ];
}

/** Cuts a document into passages; none crosses a heading, each keeps the path of headings above it. */
export function buildPassages(title: string, blocks: readonly Block[]): ReadPassage[] {
  const builder = new PassageBuilder(title);
  for (const block of blocks) {
    builder.add(block);
  }
  builder.flush();
  return builder.passages;
}
