import type { Spoken } from './mouth.ts';
import type { SpeechPlan, Utterance } from './speech-plan.ts';

/** What says texts: a Mouth. */
export interface Says {
  say(text: AsyncIterable<string>, allowInterruptions?: boolean): Promise<Spoken>;
  stop(): void;
}

/** What becomes of the messages that were spoken. */
export interface SpeakerListener {
  /** A message was said, to the end or up to a cut. */
  spoken: (utterance: Utterance, spoken: Spoken) => void;
  /** The voice is silent for now. */
  ended: () => void;
  failed: (error: unknown) => void;
}

interface Prompt {
  text: string;
  interruptible: boolean;
  /** Told whether it was said to its end. */
  said: (wholly: boolean) => void;
}

const AGAIN_MS = 500;

/** Says what the plan holds, one message after the other, and prompts between them. */
export class Speaker {
  private readonly plan: SpeechPlan;
  private readonly mouth: Says;
  private readonly listener: SpeakerListener;
  private readonly prompts: Prompt[] = [];
  private readonly wakers = new Set<() => void>();
  private held = true;
  private current: 'prompt' | 'message' | null = null;
  private speaking: { messageId: string; restarts: number } | null = null;
  private ended = false;
  private tellsCut = false;
  private over: Promise<void> = Promise.resolve();

  constructor(plan: SpeechPlan, mouth: Says, listener: SpeakerListener) {
    this.plan = plan;
    this.mouth = mouth;
    this.listener = listener;
  }

  /** Whether something is being said, or is about to be. */
  get busy(): boolean {
    return this.current !== null || this.prompts.length > 0 || (!this.held && this.plan.head !== null);
  }

  /** Whether there is text for the voice: more than a beginning that has been said already. */
  get talking(): boolean {
    return this.current !== null;
  }

  /** Messages may be said from now on: the history has been read. */
  release(): void {
    this.held = false;
    this.wake();
  }

  /** The plan has changed. */
  wake(): void {
    const { speaking } = this;
    const head = this.plan.head;
    // What is being said is void: the sound made ahead must not be heard.
    if (speaking && (head?.messageId !== speaking.messageId || head.restarts !== speaking.restarts))
      this.mouth.stop();
    const wakers = [...this.wakers];
    this.wakers.clear();
    for (const waker of wakers) waker();
  }

  /** Says something that is no message, before the next message; resolves when it was said or cut, with whether it was said to its end. */
  prompt(text: string, interruptible = true): Promise<boolean> {
    if (this.ended) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.prompts.push({ text, interruptible, said: resolve });
      this.wake();
    });
  }

  /** Cuts what is being said and says it again from its beginning. */
  startAnew(): void {
    this.mouth.stop();
  }

  /** Resolves when the last word was said, or cut. */
  get finished(): Promise<void> {
    return this.over;
  }

  /** Says everything until the end is called. */
  run(): Promise<void> {
    this.over = this.talk();
    return this.over;
  }

  private async talk(): Promise<void> {
    while (!this.ended) {
      try {
        // Begun before it is looked: what comes in between wakes, too.
        const woken = this.woken();
        if (!(await this.next())) await woken;
      } catch (error) {
        this.listener.failed(error);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      } finally {
        this.current = null;
        this.speaking = null;
        this.listener.ended();
      }
    }
    for (const { said } of this.prompts.splice(0)) said(false);
  }

  /** Ends for good, in the middle of a word if need be; `tellsCut`: what was said of it counts as spoken. */
  end(tellsCut = false): void {
    this.ended = true;
    this.tellsCut = tellsCut;
    this.mouth.stop();
    this.wake();
  }

  /** Says one thing; false when there is none. */
  private async next(): Promise<boolean> {
    const prompt = this.prompts.shift();
    const head = this.held ? null : this.plan.head;
    if (!prompt && !head) return false;
    if (prompt) {
      this.current = 'prompt';
      await this.sayPrompt(prompt);
    } else if (head) {
      await this.message(head);
    }
    return true;
  }

  private async sayPrompt({ text, interruptible, said }: Prompt): Promise<void> {
    let wholly = false;
    try {
      const { failure, cutAtMs } = await this.mouth.say(once(text), interruptible);
      wholly = !failure && cutAtMs === null;
      if (failure) this.listener.failed(failure);
    } finally {
      said(wholly);
    }
  }

  private async message(head: Utterance): Promise<void> {
    if (head.complete && head.text.trim() === '') return this.plan.finish(head.messageId);
    this.current = 'message';
    const { messageId, restarts } = head;
    this.speaking = { messageId, restarts };
    this.plan.begin(messageId);
    const spoken = await this.mouth.say(this.growing(messageId, restarts));
    if (spoken.failure) this.listener.failed(spoken.failure);
    // Where it was withdrawn meanwhile, what was heard of it was heard all the same.
    const isWithdrawn = this.plan.head?.messageId !== messageId;
    if (head.restarts !== restarts || this.isSaidAgain(spoken, isWithdrawn)) return;
    this.plan.finish(messageId);
    this.listener.spoken(head, spoken);
    if (spoken.interrupted && !isWithdrawn) this.drop(head.replyTo);
  }

  /** Whether a cut does not count: another job goes on, or the voice was started anew and the caller cut nothing off. */
  private isSaidAgain({ cutAtMs, interrupted, failure }: Spoken, isWithdrawn: boolean): boolean {
    if (this.ended) return !this.tellsCut;
    return !isWithdrawn && cutAtMs !== null && !interrupted && !failure;
  }

  /** A caller who cuts in does not want the rest of the answer either. */
  private drop(replyTo: string | null): void {
    for (const unwanted of this.plan.restOf(replyTo)) {
      this.plan.finish(unwanted.messageId);
      this.listener.spoken(unwanted, unheard());
    }
  }

  /** The text of the plan's head as it grows; ends where the message is whole, or void. */
  private async *growing(messageId: string, restarts: number): AsyncGenerator<string> {
    let given = 0;
    for (;;) {
      const head = this.plan.head;
      if (this.ended || head?.messageId !== messageId) return;
      if (head.restarts !== restarts) return this.mouth.stop();
      if (head.text.length > given) {
        yield head.text.slice(given);
        given = head.text.length;
      } else if (head.complete) {
        return;
      } else {
        await this.woken();
      }
    }
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => this.wakers.add(resolve));
  }
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

function unheard(): Spoken {
  const now = Date.now();
  return {
    heard: '',
    cutAtMs: 0,
    interrupted: true,
    firstAudioAt: null,
    startedAt: now,
    endedAt: now,
    failure: null,
  };
}
