/** What silence leads to. */
export interface SilenceSteps {
  /** The caller is asked whether they are there. */
  prompt: () => void;
  /** Nothing came after that either: the call ends. */
  giveUp: () => void;
}

/**
 * Watches over a call in which nobody says anything: after the time is over the caller is asked, and when it is over again
 * the call ends. Whatever is said, typed or owed starts the time anew.
 */
export class Silence {
  private readonly afterMs: number;
  private readonly steps: SilenceSteps;
  private timer: NodeJS.Timeout | null = null;
  private prompted = false;
  private stopped = false;

  constructor(afterMs: number, steps: SilenceSteps) {
    this.afterMs = afterMs;
    this.steps = steps;
  }

  /** The caller said or typed something: they are there. */
  heard(): void {
    this.prompted = false;
    this.wait();
  }

  /** Nobody speaks from now on. */
  quiet(): void {
    if (!this.timer) this.wait();
  }

  /** Somebody speaks, or an answer is on its way. */
  busy(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  stop(): void {
    this.stopped = true;
    this.busy();
  }

  private wait(): void {
    this.busy();
    if (this.stopped) return;
    this.timer = setTimeout(() => this.over(), this.afterMs);
  }

  private over(): void {
    this.timer = null;
    if (this.prompted) return this.steps.giveUp();
    this.prompted = true;
    this.steps.prompt();
  }
}
