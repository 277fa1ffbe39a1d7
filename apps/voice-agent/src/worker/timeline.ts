/** A word of a sentence with the millisecond, from the sentence's first sound, at which it has been said. */
export interface SpokenWord {
  text: string;
  endMs: number;
}

interface Stretch {
  text: string;
  startMs: number;
  durationMs: number;
  whole: boolean;
  words: SpokenWord[];
}

/** A word counts as heard when no more than this of it was cut off. */
const TOLERANCE_MS = 60;
const CHARACTERS_PER_SECOND = 14;
/** Tells words apart where no spaces are written. */
const wordSegmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** Which text was heard at which time: the sentences of one speech with their sound. */
export class Timeline {
  private readonly stretches: Stretch[] = [];
  private lengthMs = 0;

  /** All text that was given to the voice. */
  get text(): string {
    return this.stretches.map(({ text }) => text).join('');
  }

  /** Begins the next sentence. */
  begin(text: string): void {
    this.stretches.push({ text, startMs: this.lengthMs, durationMs: 0, whole: false, words: [] });
  }

  /** Adds sound to the sentence that was begun last. */
  sound(durationMs: number, words: readonly SpokenWord[] = []): void {
    const last = this.stretches.at(-1);
    if (!last) return;
    last.durationMs += durationMs;
    last.words.push(...words);
    this.lengthMs += durationMs;
  }

  /** All sound of the sentence that was begun last has come. */
  end(): void {
    const last = this.stretches.at(-1);
    if (last) last.whole = true;
  }

  /** What had been said after so many milliseconds of sound, to the word. */
  textAt(positionMs: number): string {
    let heard = '';
    for (const stretch of this.stretches) {
      const within = positionMs - stretch.startMs;
      if (within <= 0) break;
      if (stretch.whole && within >= stretch.durationMs - TOLERANCE_MS) {
        heard += stretch.text;
        continue;
      }
      heard += stretch.text.slice(0, heardLength(stretch, within));
      break;
    }
    return heard.trimEnd();
  }
}

function heardLength(stretch: Stretch, withinMs: number): number {
  return stretch.words.length > 0 ? byWords(stretch, withinMs) : byRate(stretch, withinMs);
}

function byWords({ text, words }: Stretch, withinMs: number): number {
  let end = 0;
  for (const word of words) {
    if (word.endMs > withinMs + TOLERANCE_MS) break;
    const wanted = word.text.trim();
    const found = text.indexOf(wanted, end);
    if (wanted !== '' && found >= 0) end = found + wanted.length;
  }
  return end;
}

/** Without the times of words: as if each letter took the same time. */
function byRate({ text, durationMs, whole }: Stretch, withinMs: number): number {
  const total = whole ? durationMs : Math.max(durationMs, (text.length / CHARACTERS_PER_SECOND) * 1000);
  const reached = Math.floor((text.length * withinMs) / Math.max(1, total));
  if (reached >= text.length) return text.length;
  const cut = text.lastIndexOf(' ', reached);
  return cut > 0 ? cut : (wordSegmenter.segment(text).containing(reached)?.index ?? 0);
}
