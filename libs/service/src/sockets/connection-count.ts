/** How many connections there are, in total and for each key, such as a client address. */
export class ConnectionCount {
  private readonly most: number;
  private readonly mostOfKey: number;
  private readonly ofKey = new Map<string, number>();
  private count = 0;

  constructor(limit: { total: number; perKey: number }) {
    this.most = limit.total;
    this.mostOfKey = limit.perKey;
  }

  get total(): number {
    return this.count;
  }

  /** Counts a connection until the answer is called; null when there are too many. */
  enter(key: string): (() => void) | null {
    const known = this.ofKey.get(key) ?? 0;
    if (this.count >= this.most || known >= this.mostOfKey) return null;
    this.count += 1;
    this.ofKey.set(key, known + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.count -= 1;
      const left = (this.ofKey.get(key) ?? 1) - 1;
      if (left > 0) this.ofKey.set(key, left);
      else this.ofKey.delete(key);
    };
  }
}
