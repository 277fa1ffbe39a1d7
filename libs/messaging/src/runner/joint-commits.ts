import { paceByLoad } from '../pace.ts';

/** Batches of partitions that share a transaction hold so many messages at most, unless one alone holds more. */
const MOST_TOGETHER = 256;

interface Waiting<Batch> {
  batch: Batch;
  size: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Commits what the partitions of a consumer have taken: batches that come while a transaction is under way share the next
 * one. A transaction of several that fails is done again by itself for each, so that none suffers for another.
 */
export class JointCommits<Batch> {
  private readonly commit: (batches: readonly Batch[]) => Promise<void>;
  private readonly paceMs: number;
  private readonly waiting: Waiting<Batch>[] = [];
  private readonly never = new AbortController().signal;
  private busy = false;

  /** @param paceMs least distance between the beginnings of two transactions */
  constructor(commit: (batches: readonly Batch[]) => Promise<void>, paceMs: number) {
    this.commit = commit;
    this.paceMs = paceMs;
  }

  /** Resolves once the batch is committed; rejects with what failed of it. */
  submit(batch: Batch, size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, size, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    // What other partitions take within the same turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const began = performance.now();
      const together = this.take();
      await this.settle(together);
      const size = together.reduce((sum, one) => sum + one.size, 0);
      if (size < MOST_TOGETHER) await paceByLoad(began, this.paceMs, this.never);
    }
    this.busy = false;
  }

  private take(): Waiting<Batch>[] {
    let size = 0;
    const end = this.waiting.findIndex((one, index) => (size += one.size) > MOST_TOGETHER && index > 0);
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  private async settle(together: readonly Waiting<Batch>[]): Promise<void> {
    try {
      await this.commit(together.map(({ batch }) => batch));
      for (const one of together) one.resolve();
    } catch (error) {
      const [first, ...others] = together;
      if (others.length === 0) first?.reject(error);
      else for (const one of together) await this.settle([one]);
    }
  }
}
