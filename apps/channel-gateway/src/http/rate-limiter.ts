import { tooManyRequests } from '@parley/contracts';

interface Bucket {
  tokens: number;
  at: number;
}

const KEPT = 50_000;

/** A token bucket for each caller, in this process: against floods, not for quotas. */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private readonly perMs: number;
  private readonly burst: number;

  constructor(limit: { perMinute: number; burst: number }) {
    this.perMs = limit.perMinute / 60_000;
    this.burst = limit.burst;
  }

  /** @throws ProblemError 429 when the caller has used its share */
  take(caller: string): void {
    const now = Date.now();
    const known = this.buckets.get(caller) ?? { tokens: this.burst, at: now };
    const tokens = Math.min(this.burst, known.tokens + (now - known.at) * this.perMs);
    if (this.buckets.size >= KEPT) this.buckets.clear();
    this.buckets.set(caller, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    if (tokens < 1)
      throw tooManyRequests(
        'Too many requests from here.',
        Math.max(1, Math.ceil((1 - tokens) / this.perMs / 1000)),
      );
  }
}
