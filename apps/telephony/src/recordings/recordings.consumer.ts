import { Controller } from '@nestjs/common';
import {
  assetDeleted,
  completeStorage,
  contactErased,
  conversationDeleted,
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
import { RECORDING_QUEUE, type RecordingTask } from './recording-tasks.ts';
import { RecordingsRepository } from './recordings.repository.ts';
import { type Outcome, RecordingsService } from './recordings.service.ts';

/** Completes and removes files of recordings, and knows what spaces say of them. */
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
    for (const { spaceId, data } of events) await this.rules.forget(trx, spaceId, data);
  }

  @OnEvent(contactErased, { consumer: 'erasures' })
  async onErased(
    events: EventEnvelope<typeof contactErased>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.rules.erase(trx, spaceId, data.conversationId);
  }

  @OnEvent(conversationDeleted, { consumer: 'erasures' })
  async onConversationDeleted(
    events: EventEnvelope<typeof conversationDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) await this.rules.erase(trx, spaceId, data.conversationId);
  }

  @OnTask(RECORDING_QUEUE, {
    concurrency: 8,
    maxAttempts: 30,
    timeoutMs: 70_000,
    backoffMs: (attempt) => Math.min(300_000, 500 * 2 ** attempt),
  })
  async work(task: Task<RecordingTask>, context: TaskContext<Tables>): Promise<void> {
    const { assetId, does } = task.payload;
    if (does === 'remove') return this.remove(task.spaceId, assetId);
    const row = await this.database.withSpaces([task.spaceId], (trx) =>
      this.recordings.find(trx, task.spaceId, assetId),
    );
    if (row?.status !== 'recording') return;
    const outcome = await this.store(row, assetId).catch((error: unknown): Outcome => {
      if (!context.isLastAttempt) throw error;
      const about = { callId: row.call_id, reason: reasonOf(error) };
      this.logger.warn(about, 'Completing a recording failed');
      return { stored: null, reason: 'storage_failed' };
    });
    await context.complete((trx) => this.rules.settle(trx, row, outcome));
  }

  /** The file as it is in the end. */
  private async store(row: RecordingRow, assetId: string): Promise<Outcome> {
    const reason = reasonOfGap(row);
    if (row.parts === 0) {
      await this.remove(row.space_id, assetId);
      return { stored: null, reason: reason ?? 'nothing_recorded' };
    }
    try {
      return { stored: await this.complete(row, assetId, reason !== null), reason };
    } catch (error) {
      const code = error instanceof ProblemError ? error.code : null;
      if (code === 'parts_missing')
        return { stored: await this.complete(row, assetId, true), reason: 'storage_failed' };
      if (code !== 'not_uploaded' && code !== 'not_found') throw error;
      await this.remove(row.space_id, assetId);
      return { stored: null, reason: reason ?? 'storage_failed' };
    }
  }

  private async complete(
    row: RecordingRow,
    assetId: string,
    incomplete: boolean,
  ): Promise<{ incomplete: boolean }> {
    const { space_id: spaceId, parts } = row;
    const { body } = await this.operations.request(
      completeStorage,
      { spaceId, assetId, incomplete, ...(parts === null || incomplete ? {} : { parts }) },
      { principal: servicePrincipal('telephony', spaceId) },
    );
    return body;
  }

  private async remove(spaceId: string, assetId: string): Promise<void> {
    const options = { principal: servicePrincipal('telephony', spaceId) };
    await this.operations.request(deleteAsset, { spaceId, assetId }, options).catch((error: unknown) => {
      if (!(error instanceof ProblemError && error.status === 404)) throw error;
    });
  }
}

/** Why a recording cannot be whole. */
function reasonOfGap({ parts, incomplete }: RecordingRow): Outcome['reason'] {
  if (parts === null) return 'agent_lost';
  return incomplete ? 'storage_failed' : null;
}
