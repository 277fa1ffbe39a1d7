import type { Filtered } from './reasoning/reasoning-filter.ts';

/** How long the first pieces of an answer wait: until something is sure of their text, but no longer than a time, if one is set. */
export interface Hold {
  ms: number | null;
  until?: (text: string) => boolean;
}

/**
 * The pieces of an answer on their way to those who follow it live. The first ones wait a moment: text that turns out to be
 * reasoning within it is never shown.
 */
export class DeltaStream {
  private text = '';
  private published = 0;
  private waiting: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private isHeld = true;
  /** What was published is void: what follows cannot be told as its continuation. */
  private isBroken = false;
  private readonly publish: (offset: number, text: string) => void;
  private readonly hold: Hold;

  constructor(publish: (offset: number, text: string) => void, hold: Hold) {
    this.publish = publish;
    this.hold = hold;
  }

  /** The whole text so far. */
  get whole(): string {
    return this.text;
  }

  add({ text, voids }: Filtered): void {
    if (voids) {
      this.isBroken ||= this.published > 0;
      [this.text, this.waiting] = ['', []];
      this.release();
    }
    if (text === '') return;
    this.text += text;
    this.waiting.push(text);
    if (this.isHeld) this.wait();
    else this.flush();
  }

  private wait(): void {
    const { ms, until } = this.hold;
    if (until?.(this.text)) this.release();
    else if (ms !== null) this.timer ??= setTimeout(() => this.release(), ms);
  }

  /** Nothing waits any more. */
  release(): void {
    clearTimeout(this.timer);
    this.isHeld = false;
    this.flush();
  }

  /** What waits is never published. */
  drop(): void {
    clearTimeout(this.timer);
    this.waiting = [];
  }

  private flush(): void {
    for (const piece of this.waiting.splice(0)) {
      if (this.isBroken) continue;
      this.publish(this.published, piece);
      this.published += piece.length;
    }
  }
}
