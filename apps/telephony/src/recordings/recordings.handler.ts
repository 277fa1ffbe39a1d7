import { Controller } from '@nestjs/common';
import {
  beginRecording,
  finishRecording,
  notFound,
  type OperationInput,
  type OperationOutput,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { CallsRepository } from '../calls/calls.repository.ts';
import type { CallRow, Tables, TelephonyTrx } from '../database.ts';
import { RecordingsService } from './recordings.service.ts';

type Context = OperationContext<Tables>;

/** What jobs tell of the recordings that they make. */
@Controller()
export class RecordingsHandler {
  constructor(
    private readonly recordings: RecordingsService,
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

  private async lock(
    trx: TelephonyTrx,
    { spaceId, callId }: { spaceId: string; callId: string },
  ): Promise<CallRow> {
    const row = await this.calls.lock(trx, spaceId, callId);
    if (!row) throw notFound('The call');
    return row;
  }
}
