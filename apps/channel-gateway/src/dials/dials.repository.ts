import { Injectable } from '@nestjs/common';
import type { Insertable } from 'kysely';
import { truncate } from '@parley/text';
import type { ChannelTrx, DialRow, DialTable } from '../database.ts';
import type { DialOutcome } from './outcomes.ts';

@Injectable()
export class DialsRepository {
  /** False when it is there already. */
  async insert(trx: ChannelTrx, row: Insertable<DialTable>): Promise<boolean> {
    const inserted = await trx
      .insertInto('dial')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  }

  async find(trx: ChannelTrx, spaceId: string, id: string): Promise<DialRow | undefined> {
    return trx
      .selectFrom('dial')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async cancel(trx: ChannelTrx, spaceId: string, id: string): Promise<DialRow | undefined> {
    return trx
      .updateTable('dial')
      .set({ is_canceled: true })
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
  }

  /** The carrier is asked next, or has certainly done nothing; false when somebody else was faster. */
  async setDialed(trx: ChannelTrx, row: DialRow, at: Date | null): Promise<boolean> {
    let query = trx
      .updateTable('dial')
      .set({ dialed_at: at })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .where('dialed_at', row.dialed_at === null ? 'is' : '=', row.dialed_at)
      .where('provider_call_id', 'is', null)
      .where('cause', 'is', null);
    if (at !== null) query = query.where('is_canceled', '=', false);
    const { numUpdatedRows } = await query.executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  /** What a carrier said that did not dial, or may not have. */
  async note(trx: ChannelTrx, row: DialRow, reason: string): Promise<void> {
    await trx
      .updateTable('dial')
      .set({ reason: truncate(reason, 300) })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .where('provider_call_id', 'is', null)
      .where('cause', 'is', null)
      .execute();
  }

  /** What has come of an open one; of one that is not, what had come of it before. */
  async close(trx: ChannelTrx, row: DialRow, outcome: DialOutcome): Promise<DialRow | undefined> {
    await trx
      .updateTable('dial')
      .set(outcome)
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .where('provider_call_id', 'is', null)
      .where('cause', 'is', null)
      .execute();
    return this.find(trx, row.space_id, row.id);
  }

  /** The carrier's ids of what the channel has dialled at that number. */
  async placedTo(trx: ChannelTrx, row: DialRow): Promise<Set<string>> {
    const found = await trx
      .selectFrom('dial')
      .select('provider_call_id')
      .where('space_id', '=', row.space_id)
      .where('channel_id', '=', row.channel_id)
      .where('to_address', '=', row.to_address)
      .where('provider_call_id', 'is not', null)
      .execute();
    return new Set(found.map(({ provider_call_id: id }) => id ?? ''));
  }

  async delete(trx: ChannelTrx, spaceId: string, id: string): Promise<void> {
    await trx.deleteFrom('dial').where('space_id', '=', spaceId).where('id', '=', id).execute();
  }
}
