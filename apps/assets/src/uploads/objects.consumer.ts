import { Controller } from '@nestjs/common';
import { OnTask, RetryableError, type Task, type TaskContext } from '@parley/messaging';
import { AssetsRepository } from '../assets/assets.repository.ts';
import { AssetsService } from '../assets/assets.service.ts';
import type { Tables } from '../database.ts';
import { objectKey, partsPrefix, type Place, uploadKey } from '../storage/keys.ts';
import { S3Adapter } from '../storage/s3.adapter.ts';
import { type Checked, ChecksService, isNotUploaded } from './checks.service.ts';
import { OBJECT_QUEUE, type ObjectTask } from './object-tasks.ts';

const LONGEST_WAIT_MS = 300_000;
const CHECK_MS = 60_000;

/** Does to objects what was decided of files; an S3 server that is away is waited for. */
@Controller()
export class ObjectsConsumer {
  constructor(
    private readonly s3: S3Adapter,
    private readonly checks: ChecksService,
    private readonly assets: AssetsService,
    private readonly repository: AssetsRepository,
  ) {}

  @OnTask(OBJECT_QUEUE, {
    concurrency: 8,
    maxAttempts: 100,
    backoffMs: (attempt) => Math.min(LONGEST_WAIT_MS, 250 * 2 ** Math.min(attempt, 12)),
  })
  async work(task: Task<ObjectTask>, context: TaskContext<Tables>): Promise<void> {
    const place = { spaceId: task.spaceId, assetId: task.key.replace(/\.clear$/, '') };
    try {
      if (task.payload.action === 'finish') await this.finish(place, context);
      else await this.remove(place, task.payload.action, context.signal);
    } catch (error) {
      throw new RetryableError('Objects could not be brought in order.', { cause: error });
    }
  }

  private async remove(place: Place, action: 'clear' | 'delete', signal: AbortSignal): Promise<void> {
    const parts = await this.s3.list(partsPrefix(place), signal);
    const checked = action === 'delete' ? [objectKey(place)] : [];
    await this.s3.remove([uploadKey(place), ...parts.map(({ key }) => key), ...checked]);
  }

  /** What came of a file in parts is kept, marked; one of which nothing came is forgotten. */
  private async finish(place: Place, context: TaskContext<Tables>): Promise<void> {
    let checked: Checked | null | 'nothing';
    try {
      checked = await this.checks.check(place, Date.now() + CHECK_MS, { incomplete: true });
    } catch (error) {
      if (!isNotUploaded(error)) throw error;
      checked = 'nothing';
    }
    await context.complete(async (trx) => {
      if (checked !== 'nothing') {
        if (!(await this.checks.settle(trx, place, checked))) await this.checks.clean(trx, place);
        return;
      }
      const row = await this.repository.delete(trx, place.spaceId, place.assetId);
      if (row) await this.assets.gone(trx, [row], 'retention');
    });
  }
}
