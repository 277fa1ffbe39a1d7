import { Controller } from '@nestjs/common';
import {
  assetDeleted,
  completeStorage,
  deleteAsset,
  type EventEnvelope,
  ProblemError,
  servicePrincipal,
  spaceChanged,
} from '@parley/contracts';
import { Database } from '@parley/database';
import {
  type EventContext,
  OnEvent,
  OnTask,
  OperationClient,
  reasonOf,
  type Task,
  type TaskContext,
} from '@parley/messaging';
import { Logger } from '@parley/service';
import type { RecordingRow, Tables } from '../database.ts';
import { RECORDING_QUEUE } from './recording-tasks.ts';
import { RecordingsRepository } from './recordings.repository.ts';
import { RecordingsService } from './recordings.service.ts';

/** Completes files of recordings, and knows what spaces say of them. */
@Controller()
export class RecordingsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly recordings: RecordingsRepository,
    private readonly rules: RecordingsService,
    private readonly operations: OperationClient,
    private readonly logger: Logger,
  ) {}

  @OnEvent(spaceChanged, { consumer: 'spaces' })
  async onSpace(events: EventEnvelope<typeof spaceChanged>[], { trx }: EventContext<Tables>): Promise<void> {
    for (const { spaceId, data } of events)
      if (data.recordingConsent) await this.recordings.saveConsent(trx, spaceId, data.recordingConsent);
  }

  @OnEvent(assetDeleted, { consumer: 'recordings' })
  async onDeleted(
    events: EventEnvelope<typeof assetDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.rules.forget(trx, spaceId, data.assetId);
  }

  @OnTask(RECORDING_QUEUE, {
    concurrency: 8,
    maxAttempts: 30,
    timeoutMs: 70_000,
    backoffMs: (attempt) => Math.min(300_000, 500 * 2 ** attempt),
  })
  async complete(task: Task<object>, context: TaskContext<Tables>): Promise<void> {
    const { spaceId } = task;
    const id = task.id.slice(0, task.id.lastIndexOf('.'));
    const row = await this.database.withSpaces([spaceId], (trx) => this.recordings.find(trx, spaceId, id));
    if (row?.status !== 'open') return;
    try {
      const stored = await this.store(row);
      await context.settle((trx) => this.rules.settle(trx, row, stored));
    } catch (error) {
      if (!context.lastAttempt) throw error;
      // What was sent is completed by the storage itself before long; the call does not name it.
      const about = { callId: row.call_id, reason: reasonOf(error) };
      this.logger.warn(about, 'A recording could not be completed');
    }
  }

  /** The file as it is in the end; null when nothing of it came. */
  private async store(row: RecordingRow): Promise<{ incomplete: boolean } | null> {
    if (row.parts === 0) return this.discard(row);
    try {
      return await this.ask(row, row.parts === null || row.incomplete);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (error.code === 'parts_missing') return this.ask(row, true);
      if (error.code === 'not_uploaded') return this.discard(row);
      if (error.status === 404) return null;
      throw error;
    }
  }

  private async ask(row: RecordingRow, incomplete: boolean): Promise<{ incomplete: boolean }> {
    const { space_id: spaceId, id: assetId, parts } = row;
    const { body } = await this.operations.request(
      completeStorage,
      { spaceId, assetId, incomplete, ...(parts === null || incomplete ? {} : { parts }) },
      { principal: servicePrincipal('telephony', spaceId) },
    );
    return body;
  }

  private async discard({ space_id: spaceId, id: assetId }: RecordingRow): Promise<null> {
    const options = { principal: servicePrincipal('telephony', spaceId) };
    await this.operations.request(deleteAsset, { spaceId, assetId }, options).catch((error: unknown) => {
      if (!(error instanceof ProblemError && error.status === 404)) throw error;
    });
    return null;
  }
}
