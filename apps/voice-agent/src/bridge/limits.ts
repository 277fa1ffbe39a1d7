/** A share that refills: against floods. */
export class TokenBucket {
  private readonly perMs: number;
  private readonly burst: number;
  private tokens: number;
  private at: number;

  constructor(limit: { perSecond: number; burst: number }, now = Date.now()) {
    this.perMs = limit.perSecond / 1000;
    this.burst = limit.burst;
    this.tokens = limit.burst;
    this.at = now;
  }

  /** Takes one; false when none is left. */
  take(now = Date.now()): boolean {
    this.tokens = Math.min(this.burst, this.tokens + Math.max(0, now - this.at) * this.perMs);
    this.at = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}

/** How many sessions there are, in all and from each address. */
export class SessionCount {
  private readonly most: number;
  private readonly mostOfAddress: number;
  private readonly ofAddress = new Map<string, number>();
  private count = 0;

  constructor(limit: { sessions: number; ofAddress: number }) {
    this.most = limit.sessions;
    this.mostOfAddress = limit.ofAddress;
  }

  get sessions(): number {
    return this.count;
  }

  /** Counts a session until the answer is called; null when there are too many. */
  enter(address: string): (() => void) | null {
    const known = this.ofAddress.get(address) ?? 0;
    if (this.count >= this.most || known >= this.mostOfAddress) return null;
    this.count += 1;
    this.ofAddress.set(address, known + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.count -= 1;
      const left = (this.ofAddress.get(address) ?? 1) - 1;
      if (left > 0) this.ofAddress.set(address, left);
      else this.ofAddress.delete(address);
    };
  }
}
