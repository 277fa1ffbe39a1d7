import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fnv1a } from '../hash.ts';
import type { MessagingLogger } from '../logger.ts';
import type { Wakers } from '../wakers.ts';
import { HeldLease } from './lease.ts';
import type { Lease } from './lease.ts';
import { LEASE_MS } from './leases.repository.ts';
import type { LeasesRepository, LeaseTable, AcquiredLease } from './leases.repository.ts';
import { freeNames, planLeases } from './lease-plan.ts';
import type { LeaseView } from './lease-plan.ts';

export type { Lease } from './lease.ts';

/** What is done under a lease. */
export type LeaseWork = (lease: Lease) => Promise<void>;

/** How work under a lease ends. */
export interface LeaseWorkOptions {
  /** The work watches `lease.leaving` and finishes what it has begun before it returns. */
  drain?: boolean;
}

interface RegisteredWork {
  work: LeaseWork;
  drain: boolean;
}

const RENEW_MS = 500;

/** How often the rows of held leases are prolonged. */
const PROLONG_MS = 20_000;

/** This process stops believing in a lease that much before the database gives it away. */
const SAFETY_MARGIN_MS = 100;

/** Longest wait for draining work before its lease is given up all the same. */
const DRAIN_MS = 20_000;

/** Pause before work under a lease is begun again after it failed. */
const RESTART_MS = 100;

/** Name under which processes wake one another when leases become free. */
const WAKE_NAME = 'leases';

/**
 * Keeps leases as rows: one row per process is renewed each 0.5 s, and what it holds is taken over 1.5 s after the last
 * renewal. Processes that want the same leases share them evenly.
 */
export class Leases {
  private readonly repository: LeasesRepository;
  private readonly logger: MessagingLogger;
  private readonly wakers: Wakers | undefined;
  private readonly holder = randomUUID();
  private readonly registered = new Map<string, RegisteredWork>();
  private readonly held = new Map<string, HeldLease>();
  private readonly stopping = new AbortController();
  private unclaimed: ReadonlySet<string> = new Set();
  private expiry: NodeJS.Timeout | undefined;
  private peerCount = 1;
  private nextProlongAt = performance.now() + PROLONG_MS;
  private loop: Promise<void> | null = null;

  /** @param wakers tells other processes of the service at once when a lease becomes free */
  constructor(repository: LeasesRepository, logger: MessagingLogger, wakers?: Wakers) {
    this.repository = repository;
    this.logger = logger;
    this.wakers = wakers;
    wakers?.setLocalCheck((name) => this.held.get(name)?.isHeld() === true);
  }

  /**
   * Does this work while this process holds the lease; it should run until `lease.signal` aborts (with `drain`: until
   * `lease.leaving` does, and what it began is finished). Work that fails is begun again.
   */
  runWhileHeld(name: string, work: LeaseWork, options: LeaseWorkOptions = {}): void {
    if (this.registered.has(name))
      throw new Error(`The lease "${name}" is asked for twice: give each work its own name.`);
    this.registered.set(name, { work, drain: options.drain ?? false });
  }

  /** Living processes of the service, this one included, as of the last renewal. */
  get processCount(): number {
    return this.peerCount;
  }

  /** Begins to take and renew leases. */
  start(): void {
    this.loop ??= this.run();
  }

  /** Names of the leases held now. */
  heldNames(): string[] {
    return [...this.held.keys()];
  }

  /** The leases held now, with their epochs. */
  heldLeases(): { name: string; epoch: number }[] {
    return [...this.held.values()].map(({ name, epoch }) => ({ name, epoch }));
  }

  /** Ends all work, lets draining work finish, and gives the leases up: others take them at once. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.release([...this.held.keys()]);
    await this.loop;
    clearTimeout(this.expiry);
    await this.repository.removeProcess(this.holder).catch(() => undefined);
  }

  private async run(): Promise<void> {
    // Draining work keeps its leases until it is done.
    do await this.waitForNextRound(await this.renewAndShare());
    while (!this.stopping.signal.aborted || this.held.size > 0);
  }

  private async waitForNextRound(milliseconds: number): Promise<void> {
    if (this.stopping.signal.aborted) await sleep(Math.min(milliseconds, 50));
    else if (this.wakers) await this.wakers.sleep(WAKE_NAME, milliseconds, this.stopping.signal);
    else await sleep(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** One renewal; answers how long to wait for the next. */
  private async renewAndShare(): Promise<number> {
    try {
      const view = this.currentView();
      const deadline = performance.now() + LEASE_MS - SAFETY_MARGIN_MS;
      const table = await this.repository.renew({ holder: this.holder, namesHash: view.namesHash });
      this.peerCount = table.peers.length;
      this.applyRenewal(table, deadline);
      await this.abandonUnknown(table);
      await this.prolongRows();
      if (this.stopping.signal.aborted) return RENEW_MS;
      await this.rebalance({ ...view, held: new Set(this.held.keys()) }, table, deadline);
      return this.msUntilNextRound(table);
    } catch (error) {
      this.logger.warn({ err: error }, 'Lease renewal failed');
      return RENEW_MS / 2;
    }
  }

  private currentView(): LeaseView {
    const names = [...this.registered.keys()].sort();
    const namesHash = fnv1a(names.join('\n'));
    return {
      holder: this.holder,
      namesHash,
      names,
      held: new Set(this.held.keys()),
      unclaimed: this.unclaimed,
    };
  }

  private applyRenewal(table: LeaseTable, deadline: number): void {
    for (const lease of [...this.held.values()]) {
      const row = table.leases.get(lease.name);
      if (table.wasAlive && row?.holder === this.holder && row.epoch === lease.epoch) lease.renew(deadline);
      else this.dropLease(lease);
    }
    this.watchExpiry(deadline);
  }

  /** What the table says is held here, and is not, would be nobody's for as long as this process lives. */
  private async abandonUnknown(table: LeaseTable): Promise<void> {
    const unknown = [...table.leases.values()].filter(
      ({ name, holder, leftMs }) => holder === this.holder && leftMs > 0 && !this.held.has(name),
    );
    if (unknown.length === 0) return;
    await this.repository.abandon(
      this.holder,
      unknown.map(({ name }) => name),
    );
    for (const row of unknown) row.leftMs = 0;
  }

  private async prolongRows(): Promise<void> {
    if (performance.now() < this.nextProlongAt || this.held.size === 0) return;
    await this.repository.prolong(this.holder, [...this.held.keys()]);
    this.nextProlongAt = performance.now() + PROLONG_MS;
  }

  /** Ends the work of all leases when no renewal has come through in time. */
  private watchExpiry(deadline: number): void {
    clearTimeout(this.expiry);
    this.expiry = setTimeout(
      () => {
        for (const lease of [...this.held.values()]) if (!lease.isHeld()) this.dropLease(lease);
      },
      Math.max(1, deadline - performance.now() + 1),
    );
    this.expiry.unref();
  }

  private async rebalance(view: LeaseView, table: LeaseTable, deadline: number): Promise<void> {
    const plan = planLeases(view, table);
    this.unclaimed = new Set(freeNames(view, table));
    if (plan.release.length > 0) void this.release(plan.release);
    if (plan.acquire.length === 0) return;
    const taken = await this.repository.acquire(this.holder, plan.acquire);
    for (const one of taken) this.startWork(one, deadline);
    this.unclaimed = new Set(plan.acquire.length > taken.length ? this.unclaimed : []);
  }

  /** Comes back sooner when a lease of another process is about to expire. */
  private msUntilNextRound(table: LeaseTable): number {
    let next = RENEW_MS;
    for (const name of this.registered.keys()) {
      const row = table.leases.get(name);
      if (row && !this.held.has(name) && row.leftMs > 0) next = Math.min(next, row.leftMs + 5);
    }
    return Math.max(20, next);
  }

  private startWork(taken: AcquiredLease, deadline: number): void {
    const lease = new HeldLease(taken, deadline);
    const wanted = this.registered.get(taken.name);
    if (!wanted) return;
    this.held.set(lease.name, lease);
    lease.done = this.runWork(lease, wanted.work);
    if (this.stopping.signal.aborted) void this.release([lease.name]);
  }

  private dropLease(lease: HeldLease): void {
    if (this.held.get(lease.name) === lease) this.held.delete(lease.name);
    lease.markLost();
  }

  private async runWork(lease: HeldLease, work: LeaseWork): Promise<void> {
    while (!lease.drainSignal.aborted) {
      try {
        await work(lease);
      } catch (error) {
        if (lease.drainSignal.aborted) return;
        this.logger.warn({ lease: lease.name, err: error }, 'Work under a lease failed, restarting it');
      }
      await sleep(RESTART_MS, undefined, { signal: lease.drainSignal }).catch(() => undefined);
    }
  }

  private async release(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const lease = this.held.get(name);
        if (!lease || lease.drainSignal.aborted) return lease?.done;
        lease.requestDrain(this.registered.get(name)?.drain ?? false);
        await Promise.race([lease.done, sleep(DRAIN_MS, undefined, { ref: false })]);
        this.dropLease(lease);
        await this.repository.release(this.holder, lease).catch(() => undefined);
      }),
    );
    this.wakers?.wakeRemote(WAKE_NAME);
  }
}
