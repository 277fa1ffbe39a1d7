import { Injectable } from '@nestjs/common';
import type { ChannelRow, TelephonyTrx } from '../database.ts';

@Injectable()
export class ChannelsRepository {
  async save(trx: TelephonyTrx, row: ChannelRow): Promise<void> {
    const { deployment_type, status, identifier, after_call, recording_enabled } = row;
    await trx
      .insertInto('channel')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['space_id', 'id'])
          .doUpdateSet({ deployment_type, status, identifier, after_call, recording_enabled }),
      )
      .execute();
  }

  /** Keeps whether calls of a channel may be recorded, where no fact has told it. */
  async learnRecording(trx: TelephonyTrx, row: ChannelRow): Promise<void> {
    const { recording_enabled } = row;
    await trx
      .insertInto('channel')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['space_id', 'id'])
          .doUpdateSet({ recording_enabled })
          .where('channel.recording_enabled', 'is', null),
      )
      .execute();
  }

  async find(trx: TelephonyTrx, spaceId: string, id: string): Promise<ChannelRow | undefined> {
    return trx
      .selectFrom('channel')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }
}
