import { waitByLoad } from '../pacing.ts';

/** Batches of partitions that share a transaction hold so many messages at most, unless one alone holds more. */
const MAX_BATCH_SIZE = 256;

interface PendingCommit<Batch> {
  batch: Batch;
  size: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Commits what the partitions of a consumer have taken: batches that come while a transaction is under way share the next
 * one. A transaction of several that fails is done again by itself for each, so that none suffers for another.
 */
export class CommitBatcher<Batch> {
  private readonly commit: (batches: readonly Batch[]) => Promise<void>;
  private readonly minIntervalMs: number;
  private readonly waiting: PendingCommit<Batch>[] = [];
  private readonly never = new AbortController().signal;
  private busy = false;

  /** @param minIntervalMs least distance between the beginnings of two transactions */
  constructor(commit: (batches: readonly Batch[]) => Promise<void>, minIntervalMs: number) {
    this.commit = commit;
    this.minIntervalMs = minIntervalMs;
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
      const batch = this.takeBatch();
      await this.commitBatch(batch);
      const size = batch.reduce((sum, one) => sum + one.size, 0);
      if (size < MAX_BATCH_SIZE) await waitByLoad(began, this.minIntervalMs, this.never);
    }
    this.busy = false;
  }

  private takeBatch(): PendingCommit<Batch>[] {
    let size = 0;
    const end = this.waiting.findIndex((one, index) => (size += one.size) > MAX_BATCH_SIZE && index > 0);
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  private async commitBatch(batch: readonly PendingCommit<Batch>[]): Promise<void> {
    try {
      await this.commit(batch.map(({ batch }) => batch));
      for (const one of batch) one.resolve();
    } catch (error) {
      const [first, ...others] = batch;
      if (others.length === 0) first?.reject(error);
      else for (const one of batch) await this.commitBatch([one]);
    }
  }
}
