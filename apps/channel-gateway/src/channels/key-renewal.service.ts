import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, sleep } from '@parley/database';
import { type Lease, Leases } from '@parley/messaging';
import { Logger } from '@parley/service';
import type { Tables } from '../database.ts';
import { ChannelDirectory } from './channel-directory.service.ts';
import { ChannelsService } from './channels.service.ts';

const ROUND_MS = 60_000;
const RETRY_MS = 1000;

/**
 * Brings channel credentials under their current master key: those of an installation that had one key for all, and
 * those sealed before the key was replaced. Until it is done both keys open.
 */
@Injectable()
export class KeyRenewal implements OnModuleInit {
  constructor(
    private readonly leases: Leases,
    private readonly database: Database<Tables>,
    private readonly directory: ChannelDirectory,
    private readonly channels: ChannelsService,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.leases.runWhileHeld('channel_keys', (lease) => this.run(lease));
  }

  private async run(lease: Lease): Promise<void> {
    while (!lease.drainSignal.aborted) {
      const pauseMs = await this.renewAll(lease);
      await sleep(pauseMs, { signal: lease.drainSignal }).catch(() => undefined);
    }
  }

  private async renewAll(lease: Lease): Promise<number> {
    const spaces = this.directory.spacesWithOldKey();
    if (spaces.length === 0) return ROUND_MS;
    try {
      for (const spaceId of spaces) {
        if (lease.drainSignal.aborted) return 0;
        await this.database.withSpaces([spaceId], (trx) => this.channels.renewKey(trx, spaceId));
      }
      this.logger.info(
        { spaces: spaces.length },
        'Channel credentials re-encrypted with the channel master key',
      );
      return ROUND_MS;
    } catch (error) {
      this.logger.warn({ err: error }, 'Re-encrypting channel credentials failed');
      return RETRY_MS;
    }
  }
}
