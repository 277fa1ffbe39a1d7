/** A right to be the only one, until the signal aborts. */
export interface Lease {
  readonly name: string;
  /** Rises with each holder: writes compare it, so that one who lost the lease without knowing changes nothing. */
  readonly epoch: number;
  /** Aborts when the lease is lost, or given up by work that does not drain. */
  readonly signal: AbortSignal;
  /** Aborts when the work should begin nothing new, finish what it has begun and return. */
  readonly drainSignal: AbortSignal;
  /** The holder before did not give the lease up: it died, froze or was cut off in the middle of something. */
  readonly expired: boolean;
  /** Whether this process may still believe it holds the lease, by its monotonic clock: ask before any effect outside PostgreSQL. */
  isHeld(): boolean;
}

/** A lease with what its keeper needs to end it. */
export class HeldLease implements Lease {
  readonly name: string;
  readonly epoch: number;
  readonly expired: boolean;
  done: Promise<void> = Promise.resolve();
  private readonly lost = new AbortController();
  private readonly drain = new AbortController();
  private deadline: number;

  constructor(taken: { name: string; epoch: number; expired: boolean }, deadline: number) {
    this.name = taken.name;
    this.epoch = taken.epoch;
    this.expired = taken.expired;
    this.deadline = deadline;
  }

  get signal(): AbortSignal {
    return this.lost.signal;
  }

  get drainSignal(): AbortSignal {
    return this.drain.signal;
  }

  isHeld(): boolean {
    return !this.lost.signal.aborted && performance.now() < this.deadline;
  }

  /** @param deadline monotonic milliseconds, counted from before the renewal was sent */
  renew(deadline: number): void {
    this.deadline = deadline;
  }

  markLost(): void {
    this.drain.abort();
    this.lost.abort();
  }

  /** Asks the work to end: at once, or when it has finished what it has begun. */
  requestDrain(drain: boolean): void {
    if (drain) this.drain.abort();
    else this.markLost();
  }
}
