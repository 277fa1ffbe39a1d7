import { Controller } from '@nestjs/common';
import { ProblemError } from '@parley/contracts';
import { Database } from '@parley/database';
import {
  type TaskFailureContext,
  OnTaskFailed,
  OnTask,
  RetryableError,
  type Task,
  type TaskContext,
} from '@parley/messaging';
import type { Tables, TelephonyTrx } from '../database.ts';
import { CallsRepository } from './calls.repository.ts';
import { CallsService, type OpenedConversation } from './calls.service.ts';
import { ConversationOpeningService } from './conversation-opening.service.ts';
import { MISSED_CALL_QUEUE } from './missed-call-tasks.ts';

/** Opens the conversations of missed calls. */
@Controller()
export class MissedCallsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly opening: ConversationOpeningService,
  ) {}

  @OnTask(MISSED_CALL_QUEUE, {
    concurrency: 8,
    maxAttempts: 40,
    timeoutMs: 20_000,
    backoffMs: (attempt) => Math.min(30_000, 250 * 2 ** attempt),
  })
  async work(task: Task, context: TaskContext<Tables>): Promise<void> {
    const { spaceId, key: callId } = task;
    const row = await this.database.withSpaces([spaceId], (trx) =>
      this.repository.find(trx, spaceId, callId),
    );
    if (!row) return;
    const opened = await this.opening.open(row.job).catch((error: unknown) => {
      if (error instanceof ProblemError && (error.status >= 500 || error.status === 429))
        throw new RetryableError('The conversation service does not answer.', { cause: error });
      throw error;
    });
    await context.complete((trx) => this.close(trx, task, opened));
  }

  /** The call has ended all the same. */
  @OnTaskFailed(MISSED_CALL_QUEUE)
  async giveUp(task: Task, { trx }: TaskFailureContext<Tables>): Promise<void> {
    await this.close(trx, task, null);
  }

  private async close(trx: TelephonyTrx, task: Task, opened: OpenedConversation | null): Promise<void> {
    const row = await this.repository.lock(trx, task.spaceId, task.key);
    if (row) await this.calls.closeMissed(trx, row, opened);
  }
}
