const FENCE = /^[ \t]*(?:```|~~~)[^\n]*(?:\n|$)/;
const RULE = /^[ \t]*(?:[-*_][ \t]*){3,}(?:\n|$)/;
const TABLE_RULE = /^[ \t]*\|?[ \t]*:?-{2,}[\s:|-]*(?:\n|$)/;
const MARKER = /^[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+|\d{1,3}[.)][ \t]+|>[ \t]?)/;
/** A beginning of a line of which it is not yet known what it is. */
const UNDECIDED = /^[ \t|:>]*(?:#{0,6}|[-*_+: \t|]*|\d{1,3}[.)]?|`{1,2}|~{1,2})[ \t]*$/;
const LINK = /^!?\[([^\]\n]{0,300})\](?:\(([^)\n]{0,2000})\))?/;
const CITATION = /^\^?\d+(?:\s*,\s*\d+)*$/;
const ADDRESS = /^https?:\/\/[^\s<>()\]]+/;
const TAG = /^<\/?[a-zA-Z][^>\n]{0,300}>/;
const ESCAPE = /^\\[!-/:-@[-`{-~]/;
const PICTURE = /^(?![\d#*])(?:\p{Extended_Pictographic}|[\u200d\ufe0f])/u;
const HOLD_LIMIT = 2400;

/**
 * Turns markdown into what a voice can say, piece by piece: marks of emphasis, headings, lists and citations go, a link is
 * its words, a bare address its host, and code blocks are left out. However the text is cut into pieces, the same comes
 * out: what was said is always a prefix of what will be.
 */
export class Speakable {
  private rest = '';
  private lineStart = true;
  private inCode = false;
  private space = false;
  private stop = false;
  private strongLine = false;
  private last = '';

  /** Takes the next piece; answers what can be said for certain. */
  push(piece: string): string {
    this.rest += piece;
    return this.consume(false);
  }

  /** Answers what was held back: the text ends here. */
  end(): string {
    return this.consume(true);
  }

  private consume(final: boolean): string {
    let out = '';
    while (this.rest !== '') {
      const step = this.lineStart ? this.startLine(final) : this.inline(final);
      if (step === null) break;
      out += step;
    }
    return out;
  }

  /** Decides what kind of line begins; null while that is not known. */
  private startLine(final: boolean): string | null {
    const whole = this.rest.includes('\n') || final;
    const fence = FENCE.exec(this.rest);
    if (fence) return whole ? this.skipLine(fence[0], true) : null;
    if (this.inCode) return this.skipCode(final);
    if (!whole && UNDECIDED.test(this.rest)) return null;
    const rule = RULE.exec(this.rest) ?? TABLE_RULE.exec(this.rest);
    if (rule) return whole ? this.skipLine(rule[0], false) : null;
    const blank = /^[ \t]*\n/.exec(this.rest);
    return blank ? this.skipLine(blank[0], false) : this.beginLine();
  }

  private beginLine(): string {
    const [marker] = MARKER.exec(this.rest) ?? [];
    if (marker !== undefined) this.rest = this.rest.slice(marker.length);
    if (marker !== undefined || this.strongLine) this.stop = true;
    this.strongLine = marker !== undefined && !marker.includes('>');
    this.lineStart = false;
    return '';
  }

  private skipLine(line: string, fence: boolean): string {
    if (fence) this.inCode = !this.inCode;
    this.stop = true;
    this.rest = this.rest.slice(line.length);
    return '';
  }

  private skipCode(final: boolean): string | null {
    const end = this.rest.indexOf('\n');
    if (end < 0 && !final) return null;
    this.rest = end < 0 ? '' : this.rest.slice(end + 1);
    return '';
  }

  /** Says or drops what the line goes on with; null while that is not known. */
  private inline(final: boolean): string | null {
    const rest = this.rest;
    const char = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    if (char === '\n') this.lineStart = true;
    if (char === '|' || /\s/.test(char)) return this.drop(1, true);
    // One more character decides about `_`, `!`, `\\` and about half of a pair.
    if (rest.length <= char.length && !final) return null;
    const span = this.span(char, final);
    return span === undefined ? (this.mark(char) ?? this.say(char, char.length)) : span;
  }

  /** Reads a link, a tag or an address; undefined where none begins. */
  private span(char: string, final: boolean): string | null | undefined {
    const rest = this.rest;
    if (char === '[' || rest.startsWith('![')) return this.link(final);
    if (char === '<') return this.tag(final);
    const address = rest.startsWith('http') || (!final && 'https://'.startsWith(rest));
    return address ? this.address(final) : undefined;
  }

  /** Drops a mark of emphasis, an escape or a picture; undefined where the character is none. */
  private mark(char: string): string | undefined {
    const rest = this.rest;
    if (char === '\\' && ESCAPE.test(rest)) return this.drop(1, false) + this.say(rest.charAt(1), 1);
    if (char === '*' || char === '`') return this.drop(1, false);
    if (rest.startsWith('~~')) return this.drop(2, false);
    const withinWord = /\w$/.test(this.last) && !this.space && /^_\w/.test(rest);
    if (char === '_' && !withinWord) return this.drop(1, false);
    return PICTURE.test(char) ? this.drop(char.length, false) : undefined;
  }

  private drop(length: number, space: boolean): string {
    this.rest = this.rest.slice(length);
    this.space ||= space;
    return '';
  }

  private link(final: boolean): string | null {
    const found = LINK.exec(this.rest);
    const undecided = !found
      ? !this.rest.includes('\n') && this.rest.length < HOLD_LIMIT
      : found[2] === undefined && openEnded(this.rest.slice(found[0].length));
    if (undecided && !final) return null;
    if (!found) return this.drop(1, false);
    const [whole, words = '', target] = found;
    if (target === undefined && CITATION.test(words.trim())) return this.drop(whole.length, false);
    // The words of a link may hold marks themselves.
    this.rest = (target === undefined ? `${words} ` : words) + this.rest.slice(whole.length);
    if (words === '') return '';
    return this.inlineWords(words.length);
  }

  /** Says the first characters of the rest, which are known whole. */
  private inlineWords(length: number): string {
    const words = this.rest.slice(0, length);
    const behind = this.rest.slice(length);
    let out = '';
    for (const char of words) {
      if (/\s/.test(char)) this.space = true;
      else if (!/[*`[\]~]/.test(char)) out += this.say(char, 0);
    }
    this.rest = behind;
    return out;
  }

  private address(final: boolean): string | null {
    const found = ADDRESS.exec(this.rest);
    const open = found ? found[0].length === this.rest.length : 'https://'.startsWith(this.rest.slice(0, 8));
    if (open && !final && this.rest.length < HOLD_LIMIT) return null;
    const [whole] = found ?? [];
    const address = whole?.replace(/[.,;:!?]+$/, '');
    if (address === undefined || !URL.canParse(address)) return this.say(this.rest.charAt(0), 1);
    this.rest = this.rest.slice(address.length);
    const host = new URL(address).hostname.replace(/^www\./, '');
    return [...host].map((char) => this.say(char, 0)).join('');
  }

  private tag(final: boolean): string | null {
    const [whole] = TAG.exec(this.rest) ?? [];
    if (whole !== undefined) return this.drop(whole.length, false);
    const open = /^<\/?[a-zA-Z]?[^>\n]{0,300}$/.test(this.rest);
    return open && !final ? null : this.say(this.rest.charAt(0), 1);
  }

  private say(char: string, length: number): string {
    this.rest = this.rest.slice(length);
    const closing = /[.,;:!?)\]}%]/.test(char);
    let before = '';
    if (this.last !== '' && this.stop && !/[.!?:;,…]/.test(this.last)) before = '.';
    if (this.last !== '' && (this.stop || (this.space && !closing))) before += ' ';
    this.space = false;
    this.stop = false;
    this.last = char;
    return before + char;
  }
}

/** What a voice says for a whole markdown text. */
export function speakable(markdown: string): string {
  const form = new Speakable();
  return form.push(markdown) + form.end();
}

function openEnded(behind: string): boolean {
  return behind === '' || (behind.startsWith('(') && !behind.includes(')') && !behind.includes('\n'));
}
