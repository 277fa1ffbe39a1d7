/** What of a key event decides whether Enter sends. */
export type EnterKey = Pick<KeyboardEvent, 'key' | 'isComposing' | 'keyCode' | 'timeStamp'>;

/** Key code of every key that an input method takes. */
const INPUT_METHOD = 229;
/** Safari reports the key that ends a composition right behind its end. */
const SAME_KEY_MS = 250;

/** Whether an input method has the key: its Escape leaves a list of words, its Enter confirms one. */
export function takenByInputMethod(event: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  return event.isComposing || event.keyCode === INPUT_METHOD;
}

/**
 * Follows an input method (IME), so that the Enter which confirms a composition is told from one that sends.
 * Chrome and Firefox: keydown (composing), compositionend, keyup. Safari: compositionend, keydown (229), keyup.
 */
export class Composition {
  private endedAt = -Infinity;
  private enterTaken = false;

  start(): void {
    this.endedAt = -Infinity;
  }

  /** A composition ended; the key that ended it may follow. */
  end({ timeStamp }: Pick<Event, 'timeStamp'>): void {
    this.endedAt = this.enterTaken ? -Infinity : timeStamp;
  }

  keyUp(): void {
    this.endedAt = -Infinity;
    this.enterTaken = false;
  }

  /**
   * Whether a keydown of Enter belongs to the input method.
   * @param isTouch Keyboards on a screen end a composition and send with one touch.
   */
  takes(event: EnterKey, isTouch: boolean): boolean {
    if (takenByInputMethod(event)) {
      this.enterTaken ||= event.key === 'Enter';
      return true;
    }
    const isSameKey = event.timeStamp - this.endedAt < SAME_KEY_MS && !isTouch;
    this.endedAt = -Infinity;
    return isSameKey;
  }
}
