/**
 * What was begun so often without an end is tried again alone. One end is most often a stop of the machine or a kill, and
 * what was at work then goes on side by side; so innocents count at most one more.
 */
export const SUSPECT_ATTEMPTS = 2;

/** Whether what was begun so often before, without an end, may be what ends the process. */
export function isSuspect(attempts: number): boolean {
  return attempts >= SUSPECT_ATTEMPTS;
}

/**
 * Lets one suspect at a time begin, over all tasks and events of a process: one that kills the process takes no other
 * suspect with it, so what is innocent ends before its attempts do.
 */
export class SuspectGate {
  private isOccupied = false;
  private readonly waiting = new Set<() => void>();

  /** Whether the caller may begin; if not, it is told once the gate is free. */
  tryEnter(whenFree: () => void): boolean {
    if (this.isOccupied) {
      this.waiting.add(whenFree);
      return false;
    }
    this.isOccupied = true;
    return true;
  }

  leave(): void {
    this.isOccupied = false;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const notify of waiting) notify();
  }

  /** Waits for the gate and does something inside. */
  async runExclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    let isInside = false;
    while (!isInside)
      await new Promise<void>((resolve) => {
        isInside = this.tryEnter(resolve);
        if (isInside) resolve();
      });
    try {
      return await work();
    } finally {
      this.leave();
    }
  }
}
