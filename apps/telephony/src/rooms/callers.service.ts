import { Injectable } from '@nestjs/common';
import type { CallJob } from '@parley/contracts';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import type { TelephonyTrx } from '../database.ts';

/** What a caller's presence in a room means; told by LiveKit's webhook, or found by looking. */
@Injectable()
export class CallersService {
  constructor(
    private readonly repository: CallsRepository,
    private readonly calls: CallsService,
  ) {}

  /** The call rings, if nobody knew of it; who comes back into an ended call is put out. */
  async isThere(trx: TelephonyTrx, job: CallJob, sid: string): Promise<void> {
    const row = await this.calls.ring(trx, job);
    if (row.phase === 'ended') await this.calls.closeRoom(trx, row);
    else if (row.caller_sid !== sid) await this.repository.update(trx, row, { caller_sid: sid });
  }
}
