import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../leases/lease.ts';
import type { MaintenanceRepository } from './maintenance.repository.ts';

const ROUND_MS = 15 * 60_000;

/** Keeps the mechanism tables small: one process of a service at a time, under a lease. */
export class Maintenance {
  private readonly repository: MaintenanceRepository;

  constructor(repository: MaintenanceRepository) {
    this.repository = repository;
  }

  /** Works until the lease is lost. */
  async run(lease: Lease): Promise<void> {
    while (!lease.drainSignal.aborted) {
      await this.round(lease);
      await sleep(ROUND_MS, undefined, { signal: lease.drainSignal, ref: false }).catch(() => undefined);
    }
  }

  private async round(lease: Lease): Promise<void> {
    await this.repository.keepPartitions();
    while (!lease.drainSignal.aborted && (await this.repository.forgetSeen()) > 0);
    while (!lease.drainSignal.aborted && (await this.repository.forgetCommands()) > 0);
  }
}
