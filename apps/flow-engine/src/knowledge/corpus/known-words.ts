/** Words that may be compounds of a word of the question, or its parts, at most. */
const MAX_COMPOUNDS = 12;
/** Shorter words of the corpus are parts of too many others. */
const MIN_PART = 5;

/**
 * Words of a corpus in one text, each on a line: a search in a text is faster than one in a list, and takes a tenth of its
 * memory.
 */
export class KnownWords {
  private readonly text: string;

  /** @param words separated by line feeds */
  constructor(words: string) {
    this.text = words === '' ? '\n' : `\n${words}\n`;
  }

  /** Memory that they take, about, in bytes. */
  get size(): number {
    return this.text.length * 2;
  }

  /** Words of about this length: candidates for a typing error. */
  ofAbout(length: number, tolerance: number): string[] {
    return this.text.split('\n').filter((word) => word !== '' && Math.abs(word.length - length) <= tolerance);
  }

  /**
   * Words that begin or end with a word, and those that it begins or ends with: "Versandkosten" for "Kosten" and the other
   * way round. The nearest in length come first.
   */
  compoundsOf(word: string): string[] {
    const found = new Set([...this.beginningWith(word), ...this.endingWith(word)]);
    for (let length = MIN_PART; length < word.length; length += 1)
      for (const part of [word.slice(0, length), word.slice(-length)]) if (this.has(part)) found.add(part);
    found.delete(word);
    const distance = (other: string): number => Math.abs(other.length - word.length);
    return [...found]
      .sort((one, other) => distance(one) - distance(other) || (one < other ? -1 : 1))
      .slice(0, MAX_COMPOUNDS);
  }

  private has(word: string): boolean {
    return this.wordAt(this.firstFrom(word)) === word;
  }

  private *beginningWith(word: string): Generator<string> {
    for (let start = this.firstFrom(word); start < this.text.length; ) {
      const known = this.wordAt(start);
      if (!known.startsWith(word)) return;
      yield known;
      start += known.length + 1;
    }
  }

  private *endingWith(word: string): Generator<string> {
    const ending = `${word}\n`;
    for (let at = this.text.indexOf(ending); at !== -1; at = this.text.indexOf(ending, at + 1))
      yield this.wordAt(this.text.lastIndexOf('\n', at - 1) + 1);
  }

  private wordAt(start: number): string {
    return this.text.slice(start, Math.max(start, this.text.indexOf('\n', start)));
  }

  /** Where the first word begins that is not before this one. */
  private firstFrom(word: string): number {
    let from = 1;
    let to = this.text.length;
    while (from < to) {
      const start = this.text.lastIndexOf('\n', Math.floor((from + to) / 2) - 1) + 1;
      const known = this.wordAt(start);
      if (known < word) from = start + known.length + 1;
      else to = start;
    }
    return from;
  }
}
