import { Controller } from '@nestjs/common';
import { type CallCause, cancelDial, dialCall, ProblemError, servicePrincipal } from '@parley/contracts';
import { Database } from '@parley/database';
import {
  type TaskFailureContext,
  OnTaskFailed,
  OnTask,
  OperationClient,
  RetryableError,
  type Task,
  type TaskContext,
} from '@parley/messaging';
import { Clock, Logger } from '@parley/service';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import type { CallRow, Tables, TelephonyTrx } from '../database.ts';
import { DIAL_QUEUE, type DialTask } from './dial-tasks.ts';
import { GATEWAY_AWAY, NOTHING_TOLD } from './reasons.ts';

const ASK_MS = 4000;
/** A call that could not be dialled within that time is not wanted any more. */
const DIAL_MS = 60_000;

/** Has the gateway dial what was placed, and let go what has ended here before anybody took up. */
@Controller()
export class DialsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly operations: OperationClient,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  @OnTask(DIAL_QUEUE, {
    concurrency: 16,
    maxAttempts: 40,
    timeoutMs: 20_000,
    backoffMs: (attempt) => Math.min(5000, 250 * 2 ** attempt),
  })
  async work(task: Task<DialTask>, context: TaskContext<Tables>): Promise<void> {
    const { payload } = task;
    if (payload.action === 'dial') return this.dial(task, payload, context);
    if (payload.action === 'cancel') return this.cancel(task, payload.providerCallId);
    return context.complete((trx) => this.expire(trx, task));
  }

  @OnTaskFailed(DIAL_QUEUE)
  async giveUp(task: Task<DialTask>, { trx }: TaskFailureContext<Tables>): Promise<void> {
    if (task.payload.action === 'dial')
      await this.endIfDialled(trx, task, { cause: 'failed', reason: GATEWAY_AWAY });
  }

  private async dial(
    task: Task<DialTask>,
    { ringSeconds, detectMachine }: Extract<DialTask, { action: 'dial' }>,
    context: TaskContext<Tables>,
  ): Promise<void> {
    const { spaceId, key: callId } = task;
    const row = await this.read(spaceId, callId);
    if (!row || row.phase === 'ended') return;
    const deadline = row.started_at.getTime() + DIAL_MS;
    const { channel_id: channelId, to_address: to } = row;
    try {
      const input = { spaceId, callId, channelId, to, ringSeconds, detectMachine, deadline };
      await this.operations.request(dialCall, input, this.asking(row));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const passes = error.status >= 500 || error.status === 429;
      if (passes && this.clock.now() < deadline)
        throw new RetryableError('The gateway does not answer.', { cause: error });
      this.logger.warn({ callId, code: error.code }, 'Dialling a call failed');
      const reason = passes ? GATEWAY_AWAY : error.message;
      await context.complete((trx) => this.endIfDialled(trx, task, { cause: 'failed', reason }));
    }
  }

  private async cancel(
    { spaceId, key: callId }: Task<DialTask>,
    providerCallId: string | null,
  ): Promise<void> {
    const row = await this.read(spaceId, callId);
    if (!row) return;
    const { channel_id: channelId, to_address: to } = row;
    try {
      const input = { spaceId, callId, channelId, to, providerCallId };
      await this.operations.request(cancelDial, input, this.asking(row));
    } catch (error) {
      if (error instanceof ProblemError && error.status >= 500)
        throw new RetryableError('The gateway does not answer.', { cause: error });
      throw error;
    }
  }

  private asking({
    space_id: spaceId,
  }: Pick<CallRow, 'space_id'>): Parameters<OperationClient['request']>[2] {
    return { principal: servicePrincipal('telephony', spaceId), deadlineMs: ASK_MS };
  }

  private async read(spaceId: string, callId: string): Promise<CallRow | undefined> {
    return this.database.withSpaces([spaceId], (trx) => this.repository.find(trx, spaceId, callId));
  }

  /** It has rung for long enough; a carrier that counts nothing has never rung. */
  private async expire(trx: TelephonyTrx, task: Task<DialTask>): Promise<void> {
    const row = await this.repository.find(trx, task.spaceId, callOf(task));
    const hasRung = row?.provider_sequence !== null;
    await this.endIfDialled(
      trx,
      task,
      hasRung ? { cause: 'no_answer', reason: null } : { cause: 'failed', reason: NOTHING_TOLD },
    );
  }

  /** Who has taken up meanwhile is talked with. */
  private async endIfDialled(
    trx: TelephonyTrx,
    task: Task<DialTask>,
    { cause, reason }: { cause: CallCause; reason: string | null },
  ): Promise<void> {
    const row = await this.repository.lock(trx, task.spaceId, callOf(task));
    if (row && row.joined_at === null) await this.calls.end(trx, row, cause, reason);
  }
}

function callOf({ key }: Task<DialTask>): string {
  return key.replace(/\.expire$/, '');
}
