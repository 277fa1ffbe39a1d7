/** What an answer that does not come leads to. */
export interface LivenessSteps {
  /** The caller has waited for long: they are told that it takes a moment. */
  slow: () => void;
  /** Nothing will come any more: the caller is told. */
  lost: () => void;
  /** There is something to say, but no sound flows: the voice is started anew. */
  stuck: () => void;
}

/** How long each step waits, in milliseconds. */
export interface LivenessLimits {
  slowMs: number;
  lostMs: number;
  stuckMs: number;
}

export const livenessLimits: LivenessLimits = { slowMs: 8000, lostMs: 40_000, stuckMs: 6000 };

const EVERY_MS = 500;

/** Watches that a call never hangs in silence while an answer is owed. It is told what happens and looks twice a second. */
export class Liveness {
  private readonly steps: LivenessSteps;
  private readonly limits: LivenessLimits;
  private readonly now: () => number;
  private timer: NodeJS.Timeout | null = null;
  private owedSince: number | null = null;
  private toldSlow = false;
  private mutedSince: number | null = null;

  constructor(steps: LivenessSteps, limits: LivenessLimits = livenessLimits, now: () => number = Date.now) {
    this.steps = steps;
    this.limits = limits;
    this.now = now;
  }

  /** Whether the caller waits for an answer. */
  get owed(): boolean {
    return this.owedSince !== null;
  }

  start(): void {
    this.timer = setInterval(() => this.look(), EVERY_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** The caller said something that is to be answered. */
  asked(): void {
    this.owedSince = this.now();
    this.toldSlow = false;
  }

  /** An answer has begun to be heard, or none will come (a person has taken over). */
  answered(): void {
    this.owedSince = null;
  }

  /** Whether there is text for the voice while neither sound flows nor the caller speaks. */
  muted(isMuted: boolean): void {
    if (!isMuted) this.mutedSince = null;
    else this.mutedSince ??= this.now();
  }

  /** Looks at the clock: called by the timer. */
  look(): void {
    const now = this.now();
    if (this.mutedSince !== null && now - this.mutedSince >= this.limits.stuckMs) {
      this.mutedSince = now;
      this.steps.stuck();
      return;
    }
    if (this.owedSince === null || this.mutedSince !== null) return;
    const waited = now - this.owedSince;
    if (waited >= this.limits.lostMs) {
      this.owedSince = null;
      this.steps.lost();
    } else if (waited >= this.limits.slowMs && !this.toldSlow) {
      this.toldSlow = true;
      this.steps.slow();
    }
  }
}
