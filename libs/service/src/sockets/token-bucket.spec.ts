import { ConnectionLimiter } from './connection-limiter.ts';
import { TokenBucket, TokenBuckets } from './token-bucket.ts';

describe('A share that refills', () => {
  it('takes a burst, then the rate, and says how long to wait', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect([0, 0, 0, 0].map((now) => bucket.tryTake(now))).toEqual([true, true, true, false]);
    expect(bucket.waitMs(0)).toBe(100);
    expect(bucket.waitMs(60)).toBe(40);
    expect(bucket.tryTake(100)).toBe(true);
    expect(bucket.tryTake(100)).toBe(false);
    // A clock that stands still or goes back gives nothing.
    expect(bucket.tryTake(50)).toBe(false);
  });

  it('owes what was used beyond it', () => {
    const bucket = new TokenBucket({ perSecond: 1000, burst: 500 }, 0);
    expect(bucket.spend(500, 0)).toBe(0);
    expect(bucket.spend(250, 0)).toBe(250);
    expect(bucket.spend(0, 100)).toBe(150);
    expect(bucket.spend(0, 250)).toBe(0);
  });

  it('is one for each key; the longest unused is forgotten, the others keep what they used', () => {
    const buckets = new TokenBuckets({ perSecond: 0.001, burst: 1 }, 2);
    expect(buckets.tryTake('a')).toBe(true);
    expect(buckets.tryTake('b')).toBe(true);
    expect(buckets.tryTake('a')).toBe(false);
    expect(buckets.tryTake('c')).toBe(true);
    expect(buckets.tryTake('a')).toBe(false);
    expect(buckets.tryTake('b')).toBe(true);
  });
});

describe('A count of connections', () => {
  it('has a limit in total and for each key, and counts an end once', () => {
    const count = new ConnectionLimiter({ total: 3, perKey: 2 });
    const leave = count.acquire('a');
    expect(count.acquire('a')).not.toBeNull();
    expect(count.acquire('a')).toBeNull();
    expect(count.acquire('b')).not.toBeNull();
    expect(count.acquire('c')).toBeNull();
    leave?.();
    leave?.();
    expect(count.total).toBe(2);
    expect(count.acquire('c')).not.toBeNull();
    expect(count.acquire('a')).toBeNull();
  });
});
