import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, sleep } from '@parley/database';
import { type Lease, Leases, reasonOf } from '@parley/messaging';
import { Logger } from '@parley/service';
import type { Tables } from '../database.ts';
import { ChannelsRepository } from './channels.repository.ts';
import { ChannelsService } from './channels.service.ts';

const EVERY_MS = 60_000;

/**
 * Finds active channels whose target is deleted: those from before channels followed their targets, and one that was
 * activated in the moment in which its target was deleted.
 */
@Injectable()
export class LostTargets implements OnModuleInit {
  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: ChannelsRepository,
    private readonly channels: ChannelsService,
    private readonly leases: Leases,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.leases.runWhileHeld('lost_targets', (lease) => this.run(lease));
  }

  private async run(lease: Lease): Promise<void> {
    while (!lease.signal.aborted) {
      await this.round(lease).catch((error: unknown) =>
        this.logger.warn({ reason: reasonOf(error) }, 'Search for channels without a target failed'),
      );
      await sleep(EVERY_MS, { signal: lease.signal }).catch(() => undefined);
    }
  }

  private async round(lease: Lease): Promise<void> {
    const found = await this.database.withSpaces([], (trx) => this.repository.lostTargets(trx));
    for (const { spaceId, target } of found) {
      if (!lease.isHeld()) return;
      await this.database.withSpaces([spaceId], (trx) => this.channels.loseTarget(trx, spaceId, target));
    }
  }
}
