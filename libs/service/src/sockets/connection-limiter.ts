/** How many connections there are, in total and for each key, such as a client address. */
export class ConnectionLimiter {
  private readonly maxTotal: number;
  private readonly maxPerKey: number;
  private readonly countByKey = new Map<string, number>();
  private count = 0;

  constructor(limit: { total: number; perKey: number }) {
    this.maxTotal = limit.total;
    this.maxPerKey = limit.perKey;
  }

  get total(): number {
    return this.count;
  }

  /** Counts a connection until the answer is called; null when there are too many. */
  acquire(key: string): (() => void) | null {
    const known = this.countByKey.get(key) ?? 0;
    if (this.count >= this.maxTotal || known >= this.maxPerKey) return null;
    this.count += 1;
    this.countByKey.set(key, known + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      this.count -= 1;
      const left = (this.countByKey.get(key) ?? 1) - 1;
      if (left > 0) this.countByKey.set(key, left);
      else this.countByKey.delete(key);
    };
  }
}
