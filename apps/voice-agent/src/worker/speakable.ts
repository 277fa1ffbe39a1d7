import { SentenceStream } from '@parley/text';
import { speechOfInline } from './inline-speech.ts';

const FENCE = /^[ \t]*(?:```|~~~)/;
const RULE = /^[ \t]*(?:(?:[-*_][ \t]*){3,}|=+[ \t]*|-{2,}[ \t]*)$/;
const TABLE_RULE = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t:|-]*)$/;
const TABLE_ROW = /^[ \t]*\|/;
const DEFINITION = /^ {0,3}\[(?:\^[^\]\n]{1,200}\]:|[^\]\n]{1,200}\]:[ \t]*\S+(?:[ \t]+["'(].*)?[ \t]*$)/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]+|$)/;
const BULLET = /^[ \t]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?/;
const NUMBERED = /^[ \t]*(\d{1,9})[.)][ \t]+/;
const QUOTE = /^[ \t]*(?:>[ \t]?)+/;
/** A beginning of a line of which it is not yet known what it is. */
const UNDECIDED =
  /^[ \t>]*(?:#{0,6}|[-*_+= \t]*|[-:| \t]*|[-*+][ \t]+\[[ xX]?\]?|\d{1,9}[.)]?|`{1,2}|~{1,2}|\[[^\]\n]{0,200}\]?)[ \t]*$/;
/** Lines that must be whole to be understood: rows of tables, fences and definitions. */
const WHOLE_LINE = /^[ \t]*(?:\||```|~~~)|^ {0,3}\[[^\]\n]{1,200}\]:/;
const HEADING_END = /[ \t]*#*[ \t]*$/;
const HARD_BREAK = /[ \t]*\\?$/;
const ENDED = /[.!?:;,…。！？।؟۔]["'”’»)\]]*$/u;

/** Sentences shorter than this are said with the next: a voice pauses between those it is given. */
const SHORTEST = 12;
const LONGEST = 240;
/** A sentence of markdown is cut at the latest here, marks and addresses included. */
const LONGEST_SOURCE = 2000;

/**
 * Turns markdown into the sentences that a voice says. Marks of emphasis, headings, lists and citations are left out, as are
 * code blocks and emoji; a link is its words, a bare address its host. The sentences are the same however the markdown is
 * cut into pieces. Each begins with the space between it and the one before.
 */
export class Speakable {
  private rest = '';
  private lineStart = true;
  private inCode = false;
  /** Indented lines behind a note belong to it. */
  private inNote = false;
  /** The kind of block that is being read; null between blocks. */
  private block: 'text' | 'list' | 'heading' | null = null;
  /** Whether a line end waits to be read as a space. */
  private softBreak = false;
  private readonly source = new SentenceStream({ maxLength: LONGEST_SOURCE });
  /** A sentence too short to be said alone. */
  private short = '';
  private hasSpoken = false;
  /** What stands between the last sentence and the next. */
  private gap = '';
  private ready: string[] = [];

  /** Takes the next piece; returns the sentences that are certain. */
  push(piece: string): string[] {
    this.rest += piece.replaceAll('\r', '');
    return this.consume(false);
  }

  /** Returns what was held back: the text ends here. */
  end(): string[] {
    this.consume(true);
    this.sentences(this.source.end());
    if (this.short !== '') this.give(this.short);
    this.short = '';
    return this.ready.splice(0);
  }

  private consume(final: boolean): string[] {
    while (this.rest !== '') {
      if (!(this.lineStart ? this.startLine(final) : this.text(final))) break;
    }
    return this.ready.splice(0);
  }

  /** Decides what kind of line begins; false while that is not known. */
  private startLine(final: boolean): boolean {
    const end = this.rest.indexOf('\n');
    const isWhole = end >= 0 || final;
    const line = end >= 0 ? this.rest.slice(0, end) : this.rest;
    const needsWhole = this.inCode || UNDECIDED.test(line) || WHOLE_LINE.test(line);
    if (needsWhole && !isWhole) return false;
    if (this.skips(line)) {
      this.rest = end >= 0 ? this.rest.slice(end + 1) : '';
      return true;
    }
    this.beginLine(line);
    return true;
  }

  /** Whether a line is not said: code, rules, definitions and empty lines end a block. */
  private skips(line: string): boolean {
    const isFence = FENCE.test(line);
    if (isFence) this.inCode = !this.inCode;
    const isDefinition = DEFINITION.test(line);
    this.inNote = isDefinition || (this.inNote && /^(?: {4}|\t|[ \t]*$)/.test(line));
    const isSilent = isFence || this.inCode || line.trim() === '' || isRule(line) || this.inNote;
    if (isSilent) this.endBlock();
    return isSilent;
  }

  private beginLine(line: string): void {
    if (TABLE_ROW.test(line)) return this.sayRow(line);
    const [quote = ''] = QUOTE.exec(line) ?? [];
    const marker = this.markerOf(line.slice(quote.length));
    if (marker !== undefined || this.block === 'heading') this.endBlock();
    if (marker !== undefined) this.block = HEADING.test(marker) ? 'heading' : 'list';
    this.block ??= 'text';
    this.rest = this.rest.slice(quote.length + (marker?.length ?? 0));
    if (this.softBreak) this.sentences(this.source.push(' '));
    this.softBreak = false;
    this.lineStart = false;
  }

  /** The marker of a heading or a list point; a number other than 1 begins no list within a text. */
  private markerOf(line: string): string | undefined {
    const numbered = NUMBERED.exec(line);
    const beginsList = numbered && (this.block !== 'text' || numbered[1] === '1');
    return (HEADING.exec(line) ?? BULLET.exec(line) ?? (beginsList ? numbered : null))?.[0];
  }

  private sayRow(line: string): void {
    this.endBlock();
    const cells = line
      .trim()
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    this.sentences(this.source.push(cells.filter((cell) => cell !== '').join(', ')));
    this.rest = this.rest.slice(line.length);
    // Like a heading, a row ends with its line.
    this.block = 'heading';
    this.lineStart = false;
  }

  /** Takes the text of a line; false while its end is not known. */
  private text(final: boolean): boolean {
    const newline = this.rest.indexOf('\n');
    const isWhole = newline >= 0 || final;
    const end = newline >= 0 ? newline : this.rest.length - (final ? 0 : openEnd(this.rest));
    const text = this.rest.slice(0, end);
    this.rest = this.rest.slice(newline >= 0 ? newline + 1 : end);
    const said = isWhole ? text.replace(this.block === 'heading' ? HEADING_END : HARD_BREAK, '') : text;
    if (said !== '') this.sentences(this.source.push(said));
    this.lineStart = this.softBreak = newline >= 0;
    return newline >= 0;
  }

  /** Ends a block: its last sentence is whole, also without a mark. */
  private endBlock(): void {
    this.softBreak = false;
    if (this.block === null) return;
    this.block = null;
    this.sentences(this.source.end(), true);
  }

  private sentences(sources: readonly string[], endsBlock = false): void {
    for (const [index, source] of sources.entries()) {
      const isLast = endsBlock && index === sources.length - 1;
      const speech = speechOfInline(source);
      if (speech !== '') this.add(isLast && !ENDED.test(speech) ? `${speech}.` : speech);
      // Scripts without spaces have none between sentences either.
      const gap = isLast || /\s$/.test(source) ? ' ' : '';
      this.gap = speech === '' ? this.gap || gap : gap;
    }
    if (endsBlock) this.gap = ' ';
  }

  private add(speech: string): void {
    const sentence = this.short + (this.hasSpoken ? this.gap : '') + speech;
    this.hasSpoken = true;
    this.short = sentence.trim().length < SHORTEST ? sentence : '';
    if (this.short === '') this.give(sentence);
  }

  /** Gives a sentence, cut where it is too long for one breath. */
  private give(sentence: string): void {
    const pieces = new SentenceStream({ minLength: LONGEST, maxLength: LONGEST });
    this.ready.push(...pieces.push(sentence), ...pieces.end());
  }
}

/** The length of an end that may yet be a mark: of a hard line break, or of a heading's end. */
function openEnd(text: string): number {
  return /[ \t\\#]*$/.exec(text)?.[0].length ?? 0;
}

function isRule(line: string): boolean {
  return RULE.test(line) || TABLE_RULE.test(line);
}

/** What a voice says for a whole markdown text. */
export function speakable(markdown: string): string {
  const form = new Speakable();
  return [...form.push(markdown), ...form.end()].join('');
}
