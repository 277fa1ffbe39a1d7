import { characterBoundary } from '@parley/text';
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
  /** Where the pieces end that wait. */
  private waiting: number[] = [];
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
    this.waiting.push(this.text.length);
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

  /** The text is whole: nothing waits for the rest of a character. */
  end(): void {
    this.release();
    this.publishUpTo(this.text.length);
  }

  /** What waits is never published. */
  drop(): void {
    clearTimeout(this.timer);
    this.waiting = [];
  }

  private flush(): void {
    for (const end of this.waiting.splice(0)) this.publishUpTo(wholeLength(this.text.slice(0, end)));
  }

  private publishUpTo(end: number): void {
    if (this.isBroken || end <= this.published) return;
    const text = this.text.slice(this.published, end);
    this.publish(this.published, text);
    this.published = end;
  }
}

/** A character that no mark can join: the ends of most words and sentences. */
const CLOSED_END = /[\t\n !"$%&'(),./:;<=>?@[\\\]^`{|}~-]$/;

/** The length of a text without its last character, to which a vowel sign, a skin tone or half of a pair may yet come. */
function wholeLength(text: string): number {
  if (CLOSED_END.test(text.slice(-1))) return text.length;
  const known = /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
  return characterBoundary(known, known.length - 1);
}
