import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagingLogger } from '../logger.ts';
import { LEASE_MS, type LeasesRepository } from './leases.repository.ts';

/** A right to be the only one, until the signal aborts. `epoch` rises with each holder: writes compare it. */
export interface Lease {
  readonly name: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
}

interface Held {
  lease: Lease;
  controller: AbortController;
  /** Monotonic time after which this process no longer believes that it holds the lease. */
  deadline: number;
}

const RENEW_MS = 500;

/** Keeps leases as rows: renewed by one statement each 0.5 s, taken over by another process 1.5 s after the last renewal. */
export class Leases {
  private readonly repository: LeasesRepository;
  private readonly logger: MessagingLogger;
  private readonly holder = randomUUID();
  private readonly work = new Map<string, (lease: Lease) => Promise<void>>();
  private readonly held = new Map<string, Held>();
  private readonly running = new Set<Promise<void>>();
  private loop: Promise<void> | null = null;
  private stopped = false;
  private readonly stopping = new AbortController();

  constructor(repository: LeasesRepository, logger: MessagingLogger) {
    this.repository = repository;
    this.logger = logger;
  }

  /** Does this work while this process holds the lease; it should run until the lease's signal aborts. */
  hold(name: string, work: (lease: Lease) => Promise<void>): void {
    if (this.work.has(name)) throw new Error(`The lease "${name}" is asked for twice.`);
    this.work.set(name, work);
  }

  /** Begins to take and renew leases. */
  start(): void {
    this.loop ??= this.run();
  }

  /** Names of the leases held now. */
  names(): string[] {
    return [...this.held.keys()];
  }

  /** Ends all work and gives the leases up. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.stopping.abort();
    for (const { controller } of this.held.values()) controller.abort();
    await Promise.allSettled(this.running);
    await this.loop;
    await this.repository.release(this.holder).catch(() => undefined);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const sent = performance.now();
      try {
        this.apply(await this.repository.renew(this.holder, [...this.work.keys()]), sent);
      } catch (error) {
        this.logger.warn({ err: error }, 'Leases could not be renewed');
      }
      this.expire();
      await sleep(RENEW_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private apply(rows: { name: string; epoch: number }[], sent: number): void {
    const deadline = sent + LEASE_MS;
    const owned = new Map(rows.map((row) => [row.name, row.epoch]));
    for (const [name, held] of [...this.held]) {
      if (owned.get(name) === held.lease.epoch) held.deadline = deadline;
      else this.drop(name, held);
    }
    if (this.stopped) return;
    for (const [name, epoch] of owned) if (!this.held.has(name)) this.take(name, epoch, deadline);
  }

  private expire(): void {
    for (const [name, held] of [...this.held]) if (performance.now() > held.deadline) this.drop(name, held);
  }

  private drop(name: string, held: Held): void {
    this.held.delete(name);
    held.controller.abort();
  }

  private take(name: string, epoch: number, deadline: number): void {
    const controller = new AbortController();
    const held: Held = { lease: { name, epoch, signal: controller.signal }, controller, deadline };
    this.held.set(name, held);
    const done = this.perform(held).finally(() => this.running.delete(done));
    this.running.add(done);
  }

  private async perform({ lease }: Held): Promise<void> {
    const work = this.work.get(lease.name);
    while (work && !lease.signal.aborted) {
      try {
        await work(lease);
      } catch (error) {
        if (lease.signal.aborted) return;
        this.logger.warn({ lease: lease.name, err: error }, 'Work under a lease failed and is started again');
      }
      await sleep(100, undefined, { signal: lease.signal }).catch(() => undefined);
    }
  }
}
