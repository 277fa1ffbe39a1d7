/** How much may be used: a steady rate, and what may come at once. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/** A share that refills. Times are milliseconds of a clock that never goes back. */
export class TokenBucket {
  private readonly perMs: number;
  private readonly burst: number;
  private tokens: number;
  private refilledAt: number;

  constructor(rate: Rate, now = performance.now()) {
    this.perMs = rate.perSecond / 1000;
    this.burst = rate.burst;
    this.tokens = rate.burst;
    this.refilledAt = now;
  }

  /** Takes one token; false when none is left. */
  tryTake(now = performance.now()): boolean {
    this.refill(now);
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  /** Takes an amount that was used already, and answers the milliseconds until the bucket is out of debt. */
  spend(amount: number, now = performance.now()): number {
    this.refill(now);
    this.tokens -= amount;
    return this.tokens >= 0 ? 0 : Math.ceil(-this.tokens / this.perMs);
  }

  /** Milliseconds until a token can be taken. */
  waitMs(now = performance.now()): number {
    this.refill(now);
    return this.tokens >= 1 ? 0 : Math.ceil((1 - this.tokens) / this.perMs);
  }

  private refill(now: number): void {
    this.tokens = Math.min(this.burst, this.tokens + Math.max(0, now - this.refilledAt) * this.perMs);
    this.refilledAt = now;
  }
}

/** A bucket for each key; the keys that were used longest ago are forgotten first. */
export class TokenBuckets {
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly rate: Rate;
  private readonly maxKeys: number;

  constructor(rate: Rate, most = 50_000) {
    this.rate = rate;
    this.maxKeys = most;
  }

  bucketFor(key: string): TokenBucket {
    const bucket = this.buckets.get(key) ?? new TokenBucket(this.rate);
    // The order of a map is that of insertion: the first is the one that was not used for longest.
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size > this.maxKeys) {
      const [oldest] = this.buckets.keys();
      if (oldest !== undefined) this.buckets.delete(oldest);
    }
    return bucket;
  }

  tryTake(key: string): boolean {
    return this.bucketFor(key).tryTake();
  }
}
