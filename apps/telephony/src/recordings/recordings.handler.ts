import { Controller } from '@nestjs/common';
import {
  beginRecording,
  failRecording,
  finishRecording,
  listRecordings,
  notFound,
  type OperationInput,
  type OperationOutput,
  type Recording,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { CallsRepository } from '../calls/calls.repository.ts';
import type { CallRow, RecordingRow, Tables, TelephonyTrx } from '../database.ts';
import { RecordingsRepository } from './recordings.repository.ts';
import { RecordingsService } from './recordings.service.ts';

type Context = OperationContext<Tables>;

/** What jobs tell of the recordings that they make, and what people ask of them. */
@Controller()
export class RecordingsHandler {
  constructor(
    private readonly recordings: RecordingsService,
    private readonly repository: RecordingsRepository,
    private readonly calls: CallsRepository,
  ) {}

  @HandleOperation(beginRecording)
  async begin(
    input: OperationInput<typeof beginRecording>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof beginRecording>> {
    await this.recordings.begin(trx, await this.lock(trx, input), input);
    return {};
  }

  @HandleOperation(finishRecording)
  async finish(
    input: OperationInput<typeof finishRecording>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof finishRecording>> {
    await this.recordings.finish(trx, await this.lock(trx, input), input);
    return {};
  }

  @HandleOperation(failRecording)
  async fail(
    input: OperationInput<typeof failRecording>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof failRecording>> {
    const call = await this.lock(trx, input);
    if (call.generation === input.generation) await this.recordings.fail(trx, call, 'storage_unavailable');
    return {};
  }

  @HandleOperation(listRecordings)
  async list(
    { spaceId, callId }: OperationInput<typeof listRecordings>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listRecordings>> {
    const call = await this.calls.find(trx, spaceId, callId);
    if (!call) throw notFound('The call');
    return { data: (await this.repository.ofCall(trx, call)).map(toRecording) };
  }

  private async lock(
    trx: TelephonyTrx,
    { spaceId, callId }: { spaceId: string; callId: string },
  ): Promise<CallRow> {
    const row = await this.calls.lock(trx, spaceId, callId);
    if (!row) throw notFound('The call');
    return row;
  }
}

function toRecording(row: RecordingRow): Recording {
  return {
    callId: row.call_id,
    assetId: row.asset_id,
    status: row.status,
    statusReason: row.reason,
    incomplete: row.incomplete && row.status !== 'recording',
    startedAt: row.started_at.toISOString(),
  };
}
