import { Controller } from '@nestjs/common';
import { failDial, ProblemError, receiveProviderStatus, servicePrincipal } from '@parley/contracts';
import { Database } from '@parley/database';
import { OnTask, OperationClient, RetryableError, type Task, type TaskContext } from '@parley/messaging';
import { Logger } from '@parley/service';
import type { DialRow, Tables } from '../database.ts';
import { DialerService } from './dialer.service.ts';
import { DIAL_QUEUE, type DialPayload } from './dials.handler.ts';
import { DialsRepository } from './dials.repository.ts';

const TELL_MS = 4000;

/** Dials, and tells telephony what came of it. */
@Controller()
export class DialsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly dials: DialsRepository,
    private readonly dialer: DialerService,
    private readonly operations: OperationClient,
    private readonly logger: Logger,
  ) {}

  /** It is the dial's own deadline that ends the attempts. */
  @OnTask(DIAL_QUEUE, { concurrency: 16, maxAttempts: 300, timeoutMs: 20_000, backoffMs: () => 1000 })
  async work({ spaceId, payload }: Task<DialPayload>, context: TaskContext<Tables>): Promise<void> {
    if (payload.kind === 'forget')
      return context.complete((trx) => this.dials.delete(trx, spaceId, payload.callId));
    const row = await this.database.withSpaces([spaceId], (trx) =>
      this.dials.find(trx, spaceId, payload.callId),
    );
    if (!row) return;
    if (payload.kind === 'cancel') return this.dialer.hangUp(row, payload.providerCallId);
    const isOpen = row.provider_call_id === null && row.cause === null;
    await this.tell(isOpen ? await this.dialer.dial(row, context.signal) : row);
  }

  private async tell(row: DialRow): Promise<void> {
    const { space_id: spaceId, id: callId, channel_id: channelId, provider_call_id: providerCallId } = row;
    const options = { principal: servicePrincipal('channel-gateway', spaceId), deadlineMs: TELL_MS };
    try {
      if (providerCallId === null)
        await this.operations.request(
          failDial,
          { spaceId, callId, cause: row.cause ?? 'failed', reason: row.reason },
          options,
        );
      else
        await this.operations.request(
          receiveProviderStatus,
          {
            ...{ spaceId, channelId, callId, providerCallId },
            ...{ status: 'queued', sequenceNumber: null, answeredBy: null },
          },
          options,
        );
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (error.status >= 500)
        throw new RetryableError('Telephony does not answer.', { cause: error, afterMs: 1000 });
      this.logger.warn({ callId, code: error.code }, 'Telephony rejected the outcome of a call');
    }
  }
}
