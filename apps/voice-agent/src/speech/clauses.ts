/** A first clause this long is spoken before its sentence is complete, so that speech starts early. */
const FIRST_CLAUSE = 40;
/** Longer pieces would be slow to begin and slow to give up. */
const MAX_CLAUSE = 300;

/** Cuts text that arrives in pieces into clauses to be spoken; the clauses joined are the text again. */
export class ClauseSplitter {
  readonly #sentences = new Intl.Segmenter('en', { granularity: 'sentence' });
  #buffer = '';
  #isFirst = true;

  push(text: string): string[] {
    this.#buffer += text;
    const sentences = [...this.#sentences.segment(this.#buffer)].map(({ segment }) => segment);
    // The last one may go on with the next piece.
    this.#buffer = sentences.pop() ?? '';
    const ready = sentences.flatMap(shorten);
    if (ready.length === 0 && this.#isFirst) ready.push(...this.#early());
    return this.#given(ready.concat(this.#overlong()));
  }

  /** What is left at the end, or where the writer pauses. */
  flush(): string[] {
    const rest = this.#buffer;
    this.#buffer = '';
    return this.#given(shorten(rest));
  }

  #given(clauses: string[]): string[] {
    if (clauses.some((clause) => clause.trim() !== '')) this.#isFirst = false;
    return clauses.filter((clause) => clause !== '');
  }

  #early(): string[] {
    const pause = /[,;:–—]\s+/g;
    for (const { index, 0: mark } of this.#buffer.matchAll(pause)) {
      const end = index + mark.length;
      if (end >= FIRST_CLAUSE) return this.#cut(end);
    }
    return [];
  }

  #overlong(): string[] {
    if (this.#buffer.length <= MAX_CLAUSE) return [];
    const pieces = shorten(this.#buffer);
    this.#buffer = pieces.pop() ?? '';
    return pieces;
  }

  #cut(end: number): string[] {
    const clause = this.#buffer.slice(0, end);
    this.#buffer = this.#buffer.slice(end);
    return [clause];
  }
}

function shorten(text: string): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > MAX_CLAUSE) {
    const space = rest.lastIndexOf(' ', MAX_CLAUSE - 1) + 1;
    const end = space > 0 ? space : wholeCharacters(rest, MAX_CLAUSE);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...pieces, rest];
}

function wholeCharacters(text: string, end: number): number {
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : end;
}
