import { Injectable } from '@nestjs/common';
import type { ChannelTrx, SessionTokenTable } from '../database.ts';

@Injectable()
export class SessionTokensRepository {
  async insert(trx: ChannelTrx, row: SessionTokenTable): Promise<void> {
    await trx.insertInto('session_token').values(row).execute();
  }

  /** Takes a token away; whoever comes second finds none. */
  async redeem(trx: ChannelTrx, spaceId: string, id: string): Promise<SessionTokenTable | undefined> {
    return trx
      .deleteFrom('session_token')
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('expires_at', '>', new Date())
      .returningAll()
      .executeTakeFirst();
  }

  async deleteExpired(trx: ChannelTrx, spaceId: string): Promise<void> {
    await trx
      .deleteFrom('session_token')
      .where('space_id', '=', spaceId)
      .where('expires_at', '<=', new Date())
      .execute();
  }
}
