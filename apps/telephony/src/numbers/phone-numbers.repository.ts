import { Injectable } from '@nestjs/common';
import type { PhoneCapabilities } from '@parley/contracts';
import { sql } from 'kysely';
import type { PhoneNumberRow, TelephonyTrx } from '../database.ts';

/** Columns of the two uses of a number. */
export type ChannelColumn = 'calls_channel_id' | 'messages_channel_id';

/** A number as its provider knows it. */
export interface FoundNumber {
  number: string;
  provider: string;
  providerNumberId: string;
  capabilities: PhoneCapabilities;
}

@Injectable()
export class PhoneNumbersRepository {
  async list(
    trx: TelephonyTrx,
    spaceId: string,
    { limit, before }: { limit: number; before: string | null },
  ): Promise<PhoneNumberRow[]> {
    let query = trx.selectFrom('phone_number').selectAll().where('space_id', '=', spaceId);
    if (before) query = query.where('id', '<', before);
    return query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
  }

  async find(trx: TelephonyTrx, spaceId: string, id: string): Promise<PhoneNumberRow | undefined> {
    return trx
      .selectFrom('phone_number')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  /** The space's row of a number, made where there is none, and locked; undefined when another space has the number. */
  async take(
    trx: TelephonyTrx,
    spaceId: string,
    id: string,
    found: FoundNumber,
  ): Promise<PhoneNumberRow | undefined> {
    const values = {
      number: found.number,
      provider: found.provider,
      provider_number_id: found.providerNumberId,
      capabilities: JSON.stringify(found.capabilities),
    };
    await trx
      .insertInto('phone_number')
      .values({ space_id: spaceId, id, calls_channel_id: null, messages_channel_id: null, ...values })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return trx
      .selectFrom('phone_number')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where((where) =>
        where.or([
          where('number', '=', found.number),
          where.and([
            where('provider', '=', found.provider),
            where('provider_number_id', '=', found.providerNumberId),
          ]),
        ]),
      )
      .orderBy('id')
      .forUpdate()
      .executeTakeFirst();
  }

  async setChannel(
    trx: TelephonyTrx,
    row: PhoneNumberRow,
    column: ChannelColumn,
    { channelId, found }: { channelId: string; found: FoundNumber },
  ): Promise<void> {
    await trx
      .updateTable('phone_number')
      .set({
        [column]: channelId,
        number: found.number,
        provider: found.provider,
        provider_number_id: found.providerNumberId,
        capabilities: JSON.stringify(found.capabilities),
        updated_at: new Date(),
      })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .execute();
  }

  /** Takes a channel off its numbers, save one; what no channel uses is deleted. */
  async release(
    trx: TelephonyTrx,
    spaceId: string,
    channelId: string,
    keptId: string | null = null,
  ): Promise<void> {
    await trx
      .updateTable('phone_number')
      .set({
        calls_channel_id: sql`nullif(calls_channel_id, ${channelId})`,
        messages_channel_id: sql`nullif(messages_channel_id, ${channelId})`,
        updated_at: new Date(),
      })
      .where('space_id', '=', spaceId)
      .where('id', '!=', keptId ?? '')
      .where((where) =>
        where.or([where('calls_channel_id', '=', channelId), where('messages_channel_id', '=', channelId)]),
      )
      .execute();
    await trx
      .deleteFrom('phone_number')
      .where('space_id', '=', spaceId)
      .where('calls_channel_id', 'is', null)
      .where('messages_channel_id', 'is', null)
      .execute();
  }
}
