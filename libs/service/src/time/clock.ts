/** The time, as something that a test can replace. */
export abstract class Clock {
  /** The time now, in milliseconds since 1970. */
  abstract now(): number;

  /** The time now as a date. */
  date(): Date {
    return new Date(this.now());
  }
}

/** The machine's time. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}

/** A clock that stands still until told. */
export class ManualClock extends Clock {
  #now: number;

  constructor(now = 0) {
    super();
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
