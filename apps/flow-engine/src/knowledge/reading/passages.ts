import { characterBoundary } from '@parley/text';
import { type Block, type ReadPassage, type TableBlock, UnreadableDocumentError } from './blocks.ts';
import { type Piece, codePiece, cut, join, MAX_LENGTH, TARGET_LENGTH, textPiece } from './pieces.ts';
import { tablePieces } from './table-pieces.ts';

/** A described term of this size is a passage of its own, under its own name. */
const OWN_ENTRY_LENGTH = 350;
const MAX_HEADING = 200;
/** A document of the largest size has 14,000 passages of the target length; one with many more is all headings. */
const MAX_PASSAGES = 20_000;

interface Heading {
  level: number;
  text: string;
  /** Some passage stands below it. */
  used: boolean;
}

class PassageBuilder {
  readonly passages: ReadPassage[] = [];
  private readonly title: string;
  private outline: Heading[] = [];
  private terms: string[] = [];
  private pieces: Piece[] = [];
  private size = 0;
  /** Headings that nothing stands below, with the headings above them. */
  private bare: { above: Heading[]; texts: string[] } | null = null;

  constructor(title: string) {
    this.title = title;
  }

  add(block: Block): void {
    if (block.kind === 'heading') {
      this.flush();
      this.leave(block.level);
      this.outline.push({ level: block.level, text: block.text, used: false });
    } else if (block.kind === 'entry') {
      this.addEntry(block);
    } else if (block.kind === 'table') {
      this.addTable(block);
    } else {
      this.addPiece(pieceOf(block));
    }
  }

  end(): void {
    this.flush();
    this.leave(0);
    this.flushBare();
  }

  /** Ends the headings of a level and below. */
  private leave(level: number): void {
    const ended = this.outline.filter((heading) => heading.level >= level);
    this.outline = this.outline.filter((heading) => heading.level < level);
    const texts = ended.filter((heading) => !heading.used).map(({ text }) => text);
    if (texts.length === 0) return;
    this.bare ??= { above: [...this.outline], texts: [] };
    this.bare.above = this.bare.above.filter((heading) => heading.level < level);
    this.bare.texts.push(...texts);
  }

  /** What stands in headings alone is found, too. */
  private flushBare(): void {
    const { bare } = this;
    this.bare = null;
    if (bare === null) return;
    for (const piece of cut(textPiece(bare.texts.join('\n')))) this.push(piece, bare.above);
  }

  private addEntry(entry: Extract<Block, { kind: 'entry' }>): void {
    const term = textPiece(entry.term);
    const isSmall = lengthOf(entry.blocks) < OWN_ENTRY_LENGTH;
    if (isSmall && !entry.blocks.some(({ kind }) => kind === 'table')) {
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

  /** Nothing follows a table in its passage: what is above a row is its header. */
  private addTable(table: TableBlock): void {
    for (const piece of tablePieces(table)) {
      this.addWhole(piece);
      this.flush();
    }
  }

  private addPiece(piece: Piece): void {
    for (const part of cut(piece)) this.addWhole(part);
  }

  private addWhole(piece: Piece): void {
    const isFull = this.size >= TARGET_LENGTH / 2 && this.size + piece.text.length > TARGET_LENGTH;
    if (isFull || this.size + piece.text.length > MAX_LENGTH) {
      this.flush();
    }
    this.pieces.push(piece);
    this.size += piece.text.length + 2;
  }

  private flush(): void {
    const piece = join(this.pieces, '\n\n');
    this.pieces = [];
    this.size = 0;
    if (piece.sentences.length === 0) {
      return;
    }
    this.flushBare();
    for (const heading of this.outline) heading.used = true;
    this.push(piece, this.outline);
  }

  private push({ text, sentences }: Piece, outline: readonly Heading[]): void {
    if (this.passages.length === MAX_PASSAGES) {
      throw new UnreadableDocumentError(
        `The document has more than ${MAX_PASSAGES} sections. Split it into several documents.`,
      );
    }
    this.passages.push({ headingPath: this.headingPath(outline), text, sentences });
  }

  private headingPath(outline: readonly Heading[]): string[] {
    const headings = [...outline.map((heading) => heading.text), ...this.terms];
    const rest = headings[0] === this.title ? headings.slice(1) : headings;
    return [this.title, ...rest].map(shortHeading);
  }
}

const shortHeading = (text: string): string => text.slice(0, characterBoundary(text, MAX_HEADING));

const pieceOf = (block: Extract<Block, { kind: 'text' | 'code' | 'heading' }>): Piece =>
  block.kind === 'code' ? codePiece(block.text) : textPiece(block.text);

function lengthOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + blockLength(block), 0);
}

function blockLength(block: Block): number {
  if (block.kind === 'entry') return block.term.length + lengthOf(block.blocks);
  return block.kind === 'table' ? block.rows.join('\n').length : block.text.length;
}

function plainPieces(block: Block): Piece[] {
  if (block.kind === 'entry') {
    return [textPiece(block.term), ...block.blocks.flatMap((inner) => plainPieces(inner))];
  }
  return block.kind === 'table' ? tablePieces(block) : [pieceOf(block)];
}

/** Cuts a document into passages; none crosses a heading, each keeps the path of headings above it. */
export function buildPassages(title: string, blocks: readonly Block[]): ReadPassage[] {
  const builder = new PassageBuilder(title);
  for (const block of blocks) {
    builder.add(block);
  }
  builder.end();
  return builder.passages;
}
