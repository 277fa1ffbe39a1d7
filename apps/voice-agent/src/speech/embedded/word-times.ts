interface Timed {
  text: string;
  startMs: number;
  endMs: number;
}

/** Text as espeak-ng may read it: no markup and no phoneme notation, each character at its old place. */
export function plainText(text: string): string {
  return text.replace(/[<>\p{Cc}]/gu, ' ').replace(/\[\[|\]\]/g, '  ');
}

/** Cuts a text into the words that are being spoken; the pieces joined are the text again. */
export class WordTimes {
  readonly #text: readonly string[];
  #from = 0;
  #startMs = 0;
  #begun = false;
  #lastMs = 0;
  #done: Timed[] = [];

  constructor(text: string) {
    // espeak-ng counts characters, not UTF-16 units.
    this.#text = [...text];
  }

  /** @param position of the word's first character; a number is several words at one position */
  begin(position: number, ms: number): void {
    this.end(ms);
    if (!this.#begun) {
      this.#begun = true;
      this.#startMs = ms;
      return;
    }
    if (position <= this.#from || position >= this.#text.length) return;
    this.#push(position, ms);
    this.#from = position;
    this.#startMs = ms;
  }

  end(ms: number): void {
    this.#lastMs = Math.max(this.#lastMs, ms);
  }

  finish(): void {
    this.#push(this.#text.length, this.#lastMs);
    this.#from = this.#text.length;
  }

  /** The words that are complete since the last time. */
  take(): Timed[] {
    return this.#done.splice(0);
  }

  #push(to: number, endMs: number): void {
    const text = this.#text.slice(this.#from, to).join('');
    if (text !== '') this.#done.push({ text, startMs: this.#startMs, endMs });
  }
}
