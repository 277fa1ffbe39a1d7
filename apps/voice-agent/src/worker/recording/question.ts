import { setTimeout as sleep } from 'node:timers/promises';
import { consentOf } from '@parley/text';

/** How long a caller may take to answer, in milliseconds. */
const ANSWER_MS = 8000;
/** The key that agrees; any other does not. */
const YES_KEY = '1';

/** A question of the call's own, which the history does not know: what is said or pressed next may be its answer. */
export class Question {
  private readonly answerMs: number;
  private decide: ((agreed: boolean) => void) | null = null;

  constructor(answerMs = ANSWER_MS) {
    this.answerMs = answerMs;
  }

  /** Asks, and tells whether the caller has agreed: silence has not. */
  async ask(say: () => Promise<unknown>): Promise<boolean> {
    const answered = new Promise<boolean>((resolve) => {
      this.decide = resolve;
    });
    const late = say().then(() => sleep(this.answerMs, false, { ref: false }));
    const agreed = await Promise.race([answered, late]);
    this.decide = null;
    return agreed;
  }

  /** Takes what was said while the question is open; whether it was an answer. Whoever says something else has not agreed. */
  heard(text: string): boolean {
    if (!this.decide) return false;
    const answer = consentOf(text);
    this.close(answer === 'yes');
    return answer !== null;
  }

  /** Takes a key while the question is open; whether it did. */
  pressed(key: string): boolean {
    if (!this.decide) return false;
    this.close(key === YES_KEY);
    return true;
  }

  private close(agreed: boolean): void {
    this.decide?.(agreed);
    this.decide = null;
  }
}
