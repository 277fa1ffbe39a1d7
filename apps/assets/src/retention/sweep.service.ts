import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, sleep } from '@parley/database';
import { type Lease, Leases, reasonOf, Tasks } from '@parley/messaging';
import { Clock, InjectConfig, Logger } from '@parley/service';
import { AssetsService } from '../assets/assets.service.ts';
import type { AssetsConfig } from '../config.ts';
import type { Tables } from '../database.ts';
import { finishTask } from '../uploads/object-tasks.ts';
import { RetentionRepository, type StaleUpload } from './retention.repository.ts';

const BATCH = 200;
const HOUR_MS = 3_600_000;

/** Lets go of files whose time is over, and of uploads that nobody completes. */
@Injectable()
export class SweepService implements OnModuleInit {
  constructor(
    private readonly database: Database<Tables>,
    private readonly retention: RetentionRepository,
    private readonly assets: AssetsService,
    private readonly tasks: Tasks,
    private readonly leases: Leases,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: AssetsConfig,
  ) {}

  onModuleInit(): void {
    this.leases.runWhileHeld('sweep', (lease) => this.run(lease));
  }

  private async run(lease: Lease): Promise<void> {
    while (!lease.signal.aborted) {
      await this.round(lease).catch((error: unknown) =>
        this.logger.warn({ reason: reasonOf(error) }, 'Old files could not be looked for'),
      );
      await sleep(this.config.SWEEP_SECONDS * 1000, { signal: lease.signal }).catch(() => undefined);
    }
  }

  private async round(lease: Lease): Promise<void> {
    const spaces = await this.database.withSpaces([], (trx) => this.retention.spacesWithOld(trx));
    for (const spaceId of spaces) await this.deleteOld(lease, spaceId);
    const before = new Date(this.clock.now() - this.config.UPLOAD_KEEP_HOURS * HOUR_MS);
    const stale = await this.database.withSpaces([], (trx) => this.retention.stale(trx, before));
    for (const upload of stale) if (lease.isHeld()) await this.giveUp(upload);
  }

  private async deleteOld(lease: Lease, spaceId: string): Promise<void> {
    let found = BATCH;
    while (found === BATCH && lease.isHeld()) {
      found = await this.database.withSpaces([spaceId], async (trx) => {
        const rows = await this.retention.deleteOld(trx, spaceId, BATCH);
        await this.assets.gone(trx, rows, 'retention');
        return rows.length;
      });
    }
  }

  private async giveUp(upload: StaleUpload): Promise<void> {
    await this.database.withSpaces([upload.spaceId], async (trx) => {
      if (upload.inParts) {
        await this.tasks.enqueue(trx, [finishTask({ space_id: upload.spaceId, id: upload.id })]);
        return;
      }
      const row = await this.retention.deleteStale(trx, upload);
      if (row) await this.assets.gone(trx, [row], 'retention');
    });
  }
}
