import { Controller } from '@nestjs/common';
import {
  type CallCause,
  type OperationInput,
  type OperationOutput,
  receiveProviderStatus,
} from '@parley/contracts';
import { HandleOperation, type OperationContext, Tasks } from '@parley/messaging';
import type { CallRow, Tables, TelephonyTrx } from '../database.ts';
import { cancelTask, endsAtCarrier } from '../dials/dial-tasks.ts';
import { NO_SOUND, NOT_PUT_THROUGH } from '../dials/reasons.ts';
import { CallsRepository } from './calls.repository.ts';
import { CallsService } from './calls.service.ts';

type Input = OperationInput<typeof receiveProviderStatus>;

/** What ends a call, and why; whoever was talked with has left. */
const causes: Partial<Record<Input['status'], CallCause>> = {
  completed: 'caller_left',
  busy: 'busy',
  'no-answer': 'no_answer',
  canceled: 'canceled',
  failed: 'failed',
};

interface End {
  cause: CallCause | undefined;
  reason: string | null;
}

const endOf = ({ status }: Input): End => ({ cause: causes[status], reason: null });

/**
 * What carriers tell of calls. It may come late, twice or out of order: a call ends once, by what comes first, and
 * nothing begins again.
 */
@Controller()
export class ProviderStatusHandler {
  constructor(
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
    private readonly tasks: Tasks,
  ) {}

  @HandleOperation(receiveProviderStatus)
  async receive(
    input: Input,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof receiveProviderStatus>> {
    const row = await this.find(trx, input);
    // A call that never reached the platform has nothing to be told of.
    if (!row || row.phase === 'ended') return {};
    const sequence = input.sequenceNumber;
    if (sequence !== null && row.provider_sequence !== null && sequence <= row.provider_sequence) return {};
    const known = await this.repository.update(trx, row, {
      provider_call_id: row.provider_call_id ?? input.providerCallId,
      ...(sequence === null ? {} : { provider_sequence: sequence }),
    });
    const { cause, reason } =
      row.direction === 'outbound' ? await this.endOfPlaced(trx, known, input) : endOf(input);
    if (cause) await this.calls.end(trx, known, cause, reason);
    return {};
  }

  private async endOfPlaced(trx: TelephonyTrx, row: CallRow, input: Input): Promise<End> {
    if (input.answeredBy !== null && /^(?:machine|fax)/.test(input.answeredBy))
      return { cause: 'machine', reason: null };
    if (input.status === 'failed') return { cause: 'failed', reason: NOT_PUT_THROUGH };
    if (input.status !== 'completed' || row.joined_at !== null) return endOf(input);
    return (await this.calls.isInactive(trx, row))
      ? { cause: 'channel_inactive', reason: null }
      : { cause: 'failed', reason: NO_SOUND };
  }

  private async find(trx: TelephonyTrx, input: Input): Promise<CallRow | null> {
    const { spaceId, channelId, providerCallId, callId } = input;
    const named = callId === null ? undefined : await this.repository.lock(trx, spaceId, callId);
    if (named?.channel_id === channelId && isStray(named, input))
      await this.tasks.enqueue(trx, [cancelTask(named, providerCallId)]);
    if (named?.channel_id === channelId && (named.provider_call_id ?? providerCallId) === providerCallId)
      return named;
    const id = await this.repository.idOfProvider(trx, { spaceId, channelId, providerCallId });
    return id === null ? null : ((await this.repository.lock(trx, spaceId, id)) ?? null);
  }
}

/** Whether a carrier rings somebody for a call that is over before anybody took it up, or that another one carries. */
function isStray(row: CallRow, { providerCallId, status, sequenceNumber: sequence }: Input): boolean {
  if (row.direction !== 'outbound' || causes[status] !== undefined || sequence === null) return false;
  if (row.provider_call_id !== null && row.provider_call_id !== providerCallId) return true;
  if (row.cause === null || row.joined_at !== null || endsAtCarrier.has(row.cause)) return false;
  return row.provider_sequence === null || sequence > row.provider_sequence;
}
