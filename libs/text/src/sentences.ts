import { characterBoundary } from './cut.ts';
import { findSentenceEnd, type KnownText, LOOKBACK } from './sentence-ends.ts';

/** Where a sentence stands in its text, without the space around it. */
export interface SentenceSpan {
  readonly start: number;
  readonly end: number;
}

export interface SentenceOptions {
  /** A sentence shorter than this is joined with the next one. UTF-16 units. */
  readonly minLength?: number;
  /** A longer sentence is cut behind a clause, else behind a word. UTF-16 units. */
  readonly maxLength?: number;
  /** The first piece ends behind the first clause of at least this length, so that speech begins early. */
  readonly firstClauseLength?: number;
}

/** The sentences of a whole text. A line break ends a sentence. */
export function sentencesOf(text: string): SentenceSpan[] {
  const known: KnownText = { text, isComplete: true };
  const spans: SentenceSpan[] = [];
  for (let start = 0; start < text.length; ) {
    const found = findSentenceEnd(known, start, start);
    const end = found.kind === 'end' ? found.index : text.length;
    const span = trimmed(text, start, end);
    if (span) spans.push(span);
    start = end;
  }
  return spans;
}

/**
 * Cuts a growing text into sentences. Each is given as soon as it is certain, with the space behind it. Joined they are the
 * text again. They are the same however the text arrives.
 */
export class SentenceStream {
  readonly #minLength: number;
  readonly #maxLength: number;
  readonly #firstClauseLength: number;
  #text = '';
  /** Half of a character that waits for its other half. */
  #half = '';
  /** Where the piece that is given next begins. */
  #piece = 0;
  /** Where its last sentence begins: behind the piece's start where short ones are joined, before it where a long one was cut. */
  #sentence = 0;
  #searched = 0;
  /** The end of that sentence, once found. */
  #end: number | undefined;
  #isFirst = true;

  constructor({ minLength = 0, maxLength = Infinity, firstClauseLength = Infinity }: SentenceOptions = {}) {
    this.#minLength = minLength;
    this.#maxLength = maxLength;
    this.#firstClauseLength = firstClauseLength;
  }

  /** Takes the next part of the text; returns the sentences that are certain now. */
  push(delta: string): string[] {
    const text = this.#half + delta;
    this.#half = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    this.#text += this.#half === '' ? text : text.slice(0, -1);
    return this.#take(false);
  }

  /** Returns what is left: the text ends here. A further push begins a new text. */
  end(): string[] {
    this.#text += this.#half;
    const pieces = this.#take(true);
    this.#text = this.#half = '';
    this.#piece = this.#sentence = this.#searched = 0;
    this.#end = undefined;
    this.#isFirst = true;
    return pieces;
  }

  #take(isComplete: boolean): string[] {
    const pieces: string[] = [];
    for (let end = this.#nextEnd(isComplete); end !== undefined; end = this.#nextEnd(isComplete)) {
      const piece = this.#text.slice(this.#piece, end);
      if (piece.trim() !== '') this.#isFirst = false;
      pieces.push(piece);
      this.#piece = end;
      if (end === this.#end) this.#beginSentence(end);
    }
    this.#forget();
    return pieces;
  }

  /** Where the next piece ends; undefined while that is not certain. */
  #nextEnd(isComplete: boolean): number | undefined {
    while (this.#piece < this.#text.length) {
      this.#end ??= this.#findEnd(isComplete);
      const cut = this.#cutWithin(this.#end ?? this.#searched, isComplete);
      if (cut === 'undecided') return undefined;
      if (cut !== undefined || this.#end === undefined) return cut;
      const isLong = this.#text.slice(this.#piece, this.#end).trim().length >= this.#minLength;
      if (isLong || this.#end === this.#text.length) return this.#end;
      this.#beginSentence(this.#end);
    }
    return undefined;
  }

  #findEnd(isComplete: boolean): number | undefined {
    const found = findSentenceEnd({ text: this.#text, isComplete }, this.#sentence, this.#searched);
    if (found.kind === 'end') return found.index;
    this.#searched = found.resumeAt;
    return isComplete ? this.#text.length : undefined;
  }

  #beginSentence(at: number): void {
    this.#sentence = this.#searched = at;
    this.#end = undefined;
  }

  /** Where a piece is cut that holds no end of a sentence before `until`. */
  #cutWithin(until: number, isComplete: boolean): number | 'undecided' | undefined {
    const piece = this.#piece;
    if (this.#isFirst && this.#firstClauseLength < until - piece) {
      const clause = firstClauseEnd(this.#text.slice(piece, until), this.#firstClauseLength);
      if (clause !== undefined && clause <= this.#maxLength && piece + clause < until) return piece + clause;
    }
    if (until - piece <= this.#maxLength) return undefined;
    const readable = piece + this.#maxLength + LOOKBACK;
    if (!isComplete && this.#text.length < readable) return 'undecided';
    return piece + breathEnd(this.#text.slice(piece, readable), this.#maxLength);
  }

  /** Keeps what abbreviations are looked for in, and no more. */
  #forget(): void {
    const dropped = Math.min(this.#piece, this.#searched) - LOOKBACK;
    if (dropped < LOOKBACK) return;
    this.#text = this.#text.slice(dropped);
    this.#piece -= dropped;
    this.#sentence -= dropped;
    this.#searched -= dropped;
    if (this.#end !== undefined) this.#end -= dropped;
  }
}

const CLAUSE_MARK = /[,;:–—،؛](?=\s)\s+(?=\S)|[、，；：](?=\S)/gu;

function firstClauseEnd(text: string, minLength: number): number | undefined {
  for (const { index, 0: mark } of text.matchAll(CLAUSE_MARK))
    if (index + mark.length >= minLength) return index + mark.length;
  return undefined;
}

/** The best place to breathe within the first `maxLength` units: behind a clause, else a word, else a character. */
function breathEnd(text: string, maxLength: number): number {
  const head = text.slice(0, maxLength + 1);
  const clauses = [...head.matchAll(CLAUSE_MARK)].map(({ index, 0: mark }) => index + mark.length);
  const clause = clauses.findLast((end) => end <= maxLength);
  if (clause !== undefined && clause > maxLength / 6) return clause;
  const spaces = [...head.matchAll(/\s+/gu)].map(({ index, 0: space }) => index + space.length);
  const words = spaces.filter((end) => end <= maxLength);
  // A space behind a full stop or between numbers belongs to an abbreviation or an amount.
  const word = words.findLast((end) => !/[.\d]\s+$/u.test(head.slice(0, end))) ?? words.at(-1);
  if (word !== undefined && word > maxLength / 6) return word;
  return unspacedEnd(text, maxLength);
}

function unspacedEnd(text: string, maxLength: number): number {
  const words = new Intl.Segmenter('und', { granularity: 'word' }).segment(text);
  const index = words.containing(maxLength)?.index ?? 0;
  const end = characterBoundary(text, index > maxLength / 2 ? index : maxLength);
  return end > 0 ? end : Math.min(text.length, maxLength);
}

function trimmed(text: string, from: number, to: number): SentenceSpan | undefined {
  const raw = text.slice(from, to);
  const start = from + raw.length - raw.trimStart().length;
  const end = from + raw.trimEnd().length;
  return start < end ? { start, end } : undefined;
}
