const LONGEST = 240;
const SHORTEST = 12;

/** Cuts a growing text into sentences: each is given once it is known to be whole. Together they are the text. */
export class Sentences {
  private readonly segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
  private rest = '';

  /** Takes the next piece; answers the sentences that are whole now. */
  push(piece: string): string[] {
    this.rest += piece;
    const found = this.split();
    // The last one may go on.
    this.rest = found.pop() ?? '';
    return found.flatMap(shorten);
  }

  /** Answers what is left: the text ends here. */
  end(): string[] {
    const found = this.split();
    this.rest = '';
    return found.flatMap(shorten);
  }

  private split(): string[] {
    const sentences: string[] = [];
    let carried = '';
    for (const { segment } of this.segmenter.segment(this.rest)) {
      carried += segment;
      if (carried.trim().length < SHORTEST) continue;
      sentences.push(carried);
      carried = '';
    }
    if (carried !== '') sentences.push(carried);
    return sentences;
  }
}

/** A sentence too long for one breath is cut behind a comma, or behind a word. */
function shorten(sentence: string): string[] {
  const parts: string[] = [];
  let rest = sentence;
  while (rest.length > LONGEST) {
    const head = rest.slice(0, LONGEST);
    const cut = Math.max(head.lastIndexOf(', ') + 2, head.lastIndexOf('; ') + 2);
    const end = cut > 40 ? cut : head.lastIndexOf(' ') + 1 || LONGEST;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return rest === '' ? parts : [...parts, rest];
}
