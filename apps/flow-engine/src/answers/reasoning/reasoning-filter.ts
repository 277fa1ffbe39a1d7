import { type Marker, markerAt, nextMarkerPlace } from './markers.ts';

/** What a piece of a model's answer adds to the text for people. */
export interface Filtered {
  text: string;
  /** Whether everything that was answered before `text` turned out to be reasoning: it is void. */
  voids: boolean;
}

/** A fence that opens a code block; it may stand in a list or a quotation. */
const FENCE = /^[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?(`{3,}|~{3,})([^\n]*)(\n|$)/;
const MAY_BE_FENCE = /^[ \t>]*(?:(?:[-*+]|\d{1,3}[.)]?)[ \t]*)?(?:`*|~*)$/;

interface Fence {
  sign: string;
  length: number;
  /** What the block holds so far. */
  content: string;
}

/**
 * Takes the reasoning of models out of their answers, piece by piece. Marks within code blocks and inline code are text.
 * Nothing is answered before it is known to be no part of a mark. Pure: it does nothing but to answer.
 */
export class ReasoningFilter {
  private buffer = '';
  private depth = 0;
  private fence: Fence | null = null;
  /** Length of the run of backticks that opened inline code in this line; 0 where none is open. */
  private inlineCode = 0;
  /** The last character of reasoning that was left out, and the runs of backticks in its line. */
  private skipped = '';
  private ticks = 0;
  private atLineStart = true;
  private isBlank = true;
  /** What follows the last end within reasoning that began twice: the answer, should it end here. */
  private sinceClose: string | null = null;
  private ends = 0;
  private out: Filtered = { text: '', voids: false };

  /** Takes the next piece. */
  push(piece: string): Filtered {
    this.buffer += piece;
    return this.read(false);
  }

  /** Takes the end: what was held back is text or reasoning now. */
  end(): Filtered {
    this.read(true);
    const rest = this.restAtEnd();
    if (rest !== null) {
      const { text } = filterWhole(rest.text);
      if (rest.voids) this.voidAll();
      this.emit(text);
    }
    return this.take();
  }

  /** Whether a mark has ended reasoning, or began the answer. */
  get hasEnded(): boolean {
    return this.ends > 0;
  }

  private restAtEnd(): Filtered | null {
    if (this.depth > 0) return this.sinceClose === null ? null : { text: this.sinceClose, voids: false };
    // A fence that nobody closes was part of reasoning, where a mark ends reasoning that did not begin within it.
    const after = this.fence && textAfterReasoning(this.fence.content);
    return after === null ? null : { text: after, voids: true };
  }

  private read(ended: boolean): Filtered {
    while (this.buffer !== '' && this.step(ended));
    return ended ? this.out : this.take();
  }

  /** Takes a part of the buffer; false where it has to wait for more. */
  private step(ended: boolean): boolean {
    if (this.depth > 0) return this.readReasoning(ended);
    if (this.fence) return this.readCode(this.fence, ended);
    if (this.atLineStart) {
      const opened = this.openFence(ended);
      if (opened !== null) return opened;
    }
    return this.readText(ended);
  }

  private readReasoning(ended: boolean): boolean {
    const place = nextMarkerPlace(this.buffer, 0);
    if (place < 0) return this.skip(this.buffer.length);
    const marker = markerAt(this.buffer, place, ended);
    this.skip(place);
    if (marker === 'wait') return false;
    if (marker === null) return this.skip(1);
    const { length } = marker;
    const isQuoted = this.ticks % 2 === 1 && this.skipped === '`';
    if (isQuoted && length >= this.buffer.length && !ended) return false;
    const isMentioned = isQuoted && this.buffer[length] === '`';
    this.skip(length);
    if (!isMentioned) this.markInReasoning(marker);
    return true;
  }

  private markInReasoning({ kind }: Marker): void {
    if (kind === 'open') {
      this.depth += 1;
    } else if (kind === 'close' || kind === 'answer') {
      this.ends += 1;
      this.depth = kind === 'answer' ? 0 : this.depth - 1;
      this.sinceClose = this.depth > 0 ? '' : null;
      if (this.depth === 0) this.startLine();
    }
  }

  /** Leaves a part of reasoning out. */
  private skip(length: number): boolean {
    if (this.sinceClose !== null) this.sinceClose += this.buffer.slice(0, length);
    for (const unit of this.buffer.slice(0, length)) {
      if (unit === '\n') this.ticks = 0;
      else if (unit === '`' && this.skipped !== '`') this.ticks += 1;
      this.skipped = unit;
    }
    this.buffer = this.buffer.slice(length);
    return length > 0;
  }

  /** Null where no fence opens here. */
  private openFence(ended: boolean): boolean | null {
    if (!ended && !this.buffer.includes('\n') && MAY_BE_FENCE.test(this.buffer)) return false;
    const found = fenceOf(this.buffer);
    if (found === null) return null;
    if (!found.isWhole && !ended) return false;
    this.fence = { sign: found.sign, length: found.length, content: '' };
    this.emit(found.line);
    this.buffer = this.buffer.slice(found.line.length);
    return true;
  }

  private readCode(fence: Fence, ended: boolean): boolean {
    const newline = this.buffer.indexOf('\n');
    const line = newline < 0 ? this.buffer : this.buffer.slice(0, newline + 1);
    if (this.atLineStart) {
      const mayClose = /^[ \t>]*(?:`*|~*)\s*$/.test(line);
      if (newline < 0 && !ended && mayClose) return false;
      const run = line.trim().replace(/^[> \t]+/, '');
      if (mayClose && run.length >= fence.length && run.startsWith(fence.sign)) this.fence = null;
    }
    fence.content += line;
    this.emit(line);
    this.buffer = this.buffer.slice(line.length);
    this.atLineStart = newline >= 0;
    return true;
  }

  private readText(ended: boolean): boolean {
    const place = this.buffer.search(/[<[◁`\n]/);
    if (place < 0) return this.passText(this.buffer.length);
    if (place > 0) return this.passText(place);
    const sign = this.buffer[0];
    if (sign === '\n') {
      this.inlineCode = 0;
      this.passText(1);
      this.atLineStart = true;
      return true;
    }
    return sign === '`' ? this.readBackticks(ended) : this.readMark(ended);
  }

  private readBackticks(ended: boolean): boolean {
    const run = /^`+/.exec(this.buffer)?.[0] ?? '';
    if (run.length === this.buffer.length && !ended) return false;
    if (this.inlineCode === 0) this.inlineCode = run.length;
    else if (this.inlineCode === run.length) this.inlineCode = 0;
    return this.passText(run.length);
  }

  private readMark(ended: boolean): boolean {
    const marker = markerAt(this.buffer, 0, ended);
    if (marker === 'wait') return false;
    if (marker === null) return this.passText(1);
    const isCode = this.inlineCode > 0 ? this.isInlineCode(marker.length, ended) : false;
    if (isCode === null) return false;
    if (isCode) return this.passText(marker.length);
    this.inlineCode = 0;
    this.buffer = this.buffer.slice(marker.length);
    this.markInText(marker);
    return true;
  }

  private markInText({ kind }: Marker): void {
    if (kind === 'open') [this.depth, this.skipped, this.ticks] = [1, '', 0];
    // Reasoning ends that did not begin: the template began it.
    if (kind === 'close' || kind === 'answer') {
      this.ends += 1;
      this.voidAll();
    }
  }

  /** Whether the inline code that is open is closed after a mark, in the same line; null where that is not known yet. */
  private isInlineCode(length: number, ended: boolean): boolean | null {
    const newline = this.buffer.indexOf('\n', length);
    const line = newline < 0 ? this.buffer.slice(length) : this.buffer.slice(length, newline);
    const runs = line.match(/`+/g) ?? [];
    const isRunning = newline < 0 && !ended && line.endsWith('`');
    if (runs.slice(0, isRunning ? -1 : undefined).some((run) => run.length === this.inlineCode)) return true;
    return newline < 0 && !ended ? null : false;
  }

  private passText(length: number): boolean {
    this.emit(this.buffer.slice(0, length));
    this.buffer = this.buffer.slice(length);
    this.atLineStart = false;
    return true;
  }

  private emit(text: string): void {
    // Reasoning leaves empty lines before the answer.
    const shown = this.isBlank ? text.trimStart() : text;
    if (shown !== '') this.isBlank = false;
    this.out.text += shown;
  }

  private voidAll(): void {
    this.out = { text: '', voids: true };
    this.isBlank = true;
    this.fence = null;
    this.startLine();
  }

  private startLine(): void {
    this.inlineCode = 0;
    this.atLineStart = true;
  }

  private take(): Filtered {
    const { out } = this;
    this.out = { text: '', voids: false };
    return out;
  }
}

/** The line that opens a code block at the beginning of a text; null where none does. */
function fenceOf(text: string): { line: string; sign: string; length: number; isWhole: boolean } | null {
  const found = FENCE.exec(text);
  if (!found) return null;
  const [line = '', run = '', info = '', newline = ''] = found;
  // Backticks that are closed in the same line are inline code.
  if (run.startsWith('`') && info.includes('`')) return null;
  return { line, sign: run.slice(0, 1), length: run.length, isWhole: newline !== '' };
}

/** The text after the last mark that ends reasoning; null where no mark ends reasoning that did not begin in the text. */
function textAfterReasoning(content: string): string | null {
  let [depth, after]: [number, number | null] = [0, null];
  for (let at = nextMarkerPlace(content, 0); at >= 0; ) {
    const marker = markerAt(content, at, true);
    const length = marker !== null && marker !== 'wait' ? marker.length : 1;
    if (marker !== null && marker !== 'wait') {
      if (marker.kind === 'open') depth += 1;
      else if (marker.kind === 'close' && depth > 0) depth -= 1;
      else if (marker.kind === 'close' || marker.kind === 'answer') after = at + length;
    }
    at = nextMarkerPlace(content, at + length);
  }
  return after === null ? null : content.slice(after);
}

/** A whole answer without its reasoning. */
export function withoutReasoning(answer: string): string {
  return filterWhole(answer).text;
}

function filterWhole(answer: string): Filtered {
  const filter = new ReasoningFilter();
  const [first, last] = [filter.push(answer), filter.end()];
  return last.voids ? last : { text: first.text + last.text, voids: first.voids };
}
