import { tooManyRequests } from '@parley/contracts';

interface Bucket {
  tokens: number;
  at: number;
}

/** How much a caller may do: refilled evenly, up to `burst` at once. */
export interface RateLimit {
  perMinute: number;
  burst: number;
}

const MOST_CALLERS = 50_000;

/**
 * A token bucket for each caller, in the memory of this process. Where several gateways run, each grants its share.
 * The callers that came last are kept; a caller that is forgotten begins with a full bucket.
 */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private readonly limit: RateLimit;
  private readonly share: () => number;

  /** @param share of the limit that this process grants, 0 to 1 */
  constructor(limit: RateLimit, share: () => number = () => 1) {
    this.limit = limit;
    this.share = share;
  }

  /**
   * Takes one token of a caller.
   * @param most a lower limit of this caller
   * @returns 0, or the milliseconds until there is a token
   */
  tryTake(caller: string, most?: number, now = Date.now()): number {
    const { perMs, burst } = this.granted(most);
    const tokens = this.tokensOf(caller, { perMs, burst }, now);
    const isGranted = tokens >= 1;
    this.buckets.delete(caller);
    this.buckets.set(caller, { tokens: isGranted ? tokens - 1 : tokens, at: now });
    if (this.buckets.size > MOST_CALLERS) this.forgetOldest();
    return isGranted ? 0 : Math.ceil((1 - tokens) / perMs);
  }

  /** Milliseconds until a caller has a token; takes none. */
  waitOf(caller: string, now = Date.now()): number {
    const { perMs, burst } = this.granted(undefined);
    const tokens = this.tokensOf(caller, { perMs, burst }, now);
    return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs);
  }

  /**
   * @param who in the words of an error, such as "This API key"
   * @throws ProblemError 429 `rate_limited` when the caller has used its share
   */
  take(caller: string, who = 'This caller', most?: number): void {
    const waitMs = this.tryTake(caller, most);
    if (waitMs > 0) throw this.refusal(who, waitMs, most);
  }

  /** @throws ProblemError 429 when the caller has no token left; takes none */
  requireToken(caller: string, who: string): void {
    const waitMs = this.waitOf(caller);
    if (waitMs > 0) throw this.refusal(who, waitMs);
  }

  private refusal(who: string, waitMs: number, most?: number): Error {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    const perMinute = Math.min(this.limit.perMinute, most ?? Infinity);
    return tooManyRequests(
      `${who} is over its limit of ${perMinute} requests a minute. Try again in ${seconds} s, and send fewer requests.`,
      seconds,
    );
  }

  private granted(most: number | undefined): { perMs: number; burst: number } {
    const { perMinute, burst } = this.limit;
    const lowered = most === undefined || most >= perMinute ? 1 : Math.max(0, most) / perMinute;
    const share = this.share() * lowered;
    // The slowest bucket still lets one request through a minute.
    return { perMs: Math.max(1, perMinute * share) / 60_000, burst: Math.max(1, burst * share) };
  }

  private tokensOf(caller: string, { perMs, burst }: { perMs: number; burst: number }, now: number): number {
    const known = this.buckets.get(caller);
    if (!known) return burst;
    return Math.min(burst, known.tokens + Math.max(0, now - known.at) * perMs);
  }

  private forgetOldest(): void {
    const [oldest] = this.buckets.keys();
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
