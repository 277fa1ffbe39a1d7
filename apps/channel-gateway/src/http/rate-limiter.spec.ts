import { RateLimiter } from './rate-limiter.ts';

/** Requests that are granted when one comes each millisecond, at each gateway in turn. */
function granted(gateways: RateLimiter[], milliseconds: number, from = 0): number {
  let count = 0;
  for (let now = from; now < from + milliseconds; now += 1)
    if (gateways[now % gateways.length]?.tryTake('key_one', undefined, now) === 0) count += 1;
  return count;
}

describe('A rate limit', () => {
  it('grants its rate and one burst', () => {
    const limiter = new RateLimiter({ perMinute: 6000, burst: 500 });
    expect(granted([limiter], 1)).toBe(1);
    expect(granted([limiter], 60_000, 1)).toBeLessThanOrEqual(6500);
    expect(granted([limiter], 60_000, 60_001)).toBe(6000);
  });

  it.each([2, 3, 7])('is shared by %i gateways with an error below 20 %%', (count) => {
    const gateways = Array.from(
      { length: count },
      () => new RateLimiter({ perMinute: 6000, burst: 500 }, () => 1 / count),
    );
    const all = granted(gateways, 60_000);
    expect(all).toBeGreaterThanOrEqual(6000);
    expect(all).toBeLessThanOrEqual(6000 * 1.2);
  });

  it('follows the number of gateways', () => {
    let alive = 1;
    const limiter = new RateLimiter({ perMinute: 6000, burst: 500 }, () => 1 / alive);
    granted([limiter], 60_000);
    alive = 2;
    expect(granted([limiter], 60_000, 60_000)).toBe(3000);
  });

  it('says how long to wait, and grants again then', () => {
    const limiter = new RateLimiter({ perMinute: 60, burst: 1 });
    expect(limiter.tryTake('key_one', undefined, 0)).toBe(0);
    expect(limiter.tryTake('key_one', undefined, 400)).toBe(600);
    expect(limiter.tryTake('key_two', undefined, 400)).toBe(0);
    expect(limiter.tryTake('key_one', undefined, 1000)).toBe(0);
  });

  it('is refused as 429 with Retry-After and what to do', () => {
    const limiter = new RateLimiter({ perMinute: 6, burst: 1 });
    limiter.take('key_one', 'This API key');
    expect(() => limiter.take('key_one', 'This API key')).toThrow(
      expect.objectContaining({
        status: 429,
        code: 'rate_limited',
        retryAfterSeconds: 10,
        message: expect.stringMatching(
          /This API key is over its limit of 6 requests a minute\. Try again in 10 s/,
        ),
      }),
    );
  });

  it('is lower for a caller with a limit of its own, never higher', () => {
    const limiter = new RateLimiter({ perMinute: 6000, burst: 600 });
    const count = (caller: string, most: number): number =>
      Array.from({ length: 1000 }, () => limiter.tryTake(caller, most, 0)).filter((wait) => wait === 0)
        .length;
    expect(count('space_low', 600)).toBe(60);
    expect(count('space_high', 60_000)).toBe(600);
    expect(count('space_none', 0)).toBe(1);
  });

  it('looks without taking', () => {
    const limiter = new RateLimiter({ perMinute: 60, burst: 1 });
    expect([limiter.waitOf('a', 0), limiter.waitOf('a', 0)]).toEqual([0, 0]);
    limiter.tryTake('a', undefined, 0);
    expect(limiter.waitOf('a', 250)).toBe(750);
  });

  it('forgets the callers that came first, not all of them', () => {
    const limiter = new RateLimiter({ perMinute: 1, burst: 1 });
    limiter.tryTake('first', undefined, 0);
    limiter.tryTake('busy', undefined, 0);
    for (let index = 0; index < 49_999; index += 1) {
      limiter.tryTake(`caller ${index}`, undefined, 0);
      if (index === 40_000) limiter.tryTake('busy', undefined, 0);
    }
    expect(limiter.waitOf('busy', 0)).toBeGreaterThan(0);
    expect(limiter.waitOf('first', 0)).toBe(0);
  });
});
