import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../leases/lease.ts';
import type { MaintenanceRepository } from './maintenance.repository.ts';

const INTERVAL_MS = 15 * 60_000;

/** Keeps the mechanism tables small: one process of a service at a time, under a lease. */
export class Maintenance {
  private readonly repository: MaintenanceRepository;

  constructor(repository: MaintenanceRepository) {
    this.repository = repository;
  }

  /** Works until the lease is lost. */
  async run(lease: Lease): Promise<void> {
    while (!lease.drainSignal.aborted) {
      await this.runRound(lease);
      await sleep(INTERVAL_MS, undefined, { signal: lease.drainSignal, ref: false }).catch(() => undefined);
    }
  }

  private async runRound(lease: Lease): Promise<void> {
    await this.repository.maintainPartitions();
    while (!lease.drainSignal.aborted && (await this.repository.deleteSeenEvents()) > 0);
    while (!lease.drainSignal.aborted && (await this.repository.deleteExpiredCommands()) > 0);
  }
}
