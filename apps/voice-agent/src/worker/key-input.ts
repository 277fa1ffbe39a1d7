const BETWEEN_MS = 2000;
const MOST_KEYS = 64;

/** Puts keys together into what was typed: `#` ends it, or two seconds without another key. */
export class KeyInput {
  private readonly typed: (keys: string) => void;
  private keys = '';
  private timer: NodeJS.Timeout | null = null;

  constructor(typed: (keys: string) => void) {
    this.typed = typed;
  }

  /** Whether more keys may belong to what was typed so far. */
  get isTyping(): boolean {
    return this.keys !== '';
  }

  press(key: string): void {
    if (key === '#' && this.keys !== '') return this.end();
    this.keys += key;
    // A `#` of its own is an answer, too.
    if (key === '#' || this.keys.length >= MOST_KEYS) return this.end();
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), BETWEEN_MS);
    return undefined;
  }

  /** What was typed so far counts. */
  end(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const { keys } = this;
    this.keys = '';
    if (keys !== '') this.typed(keys);
  }
}
