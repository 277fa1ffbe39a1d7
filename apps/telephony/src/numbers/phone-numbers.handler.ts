import { Controller } from '@nestjs/common';
import {
  claimPhoneNumber,
  conflict,
  cursorOf,
  getPhoneNumber,
  listPhoneNumbers,
  newId,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  type PhoneNumber,
  releasePhoneNumber,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { PhoneNumberRow, Tables } from '../database.ts';
import { type ChannelColumn, PhoneNumbersRepository } from './phone-numbers.repository.ts';

type Context = OperationContext<Tables>;

/** Which channel a number belongs to. */
@Controller()
export class PhoneNumbersHandler {
  constructor(private readonly numbers: PhoneNumbersRepository) {}

  @HandleOperation(listPhoneNumbers)
  async list(
    { spaceId, limit, cursor }: OperationInput<typeof listPhoneNumbers>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listPhoneNumbers>> {
    const rows = await this.numbers.list(trx, spaceId, { limit, before: cursorOf(cursor) });
    return pageOf(rows, limit, toPhoneNumber);
  }

  @HandleOperation(getPhoneNumber)
  async get(
    { spaceId, phoneNumberId }: OperationInput<typeof getPhoneNumber>,
    { trx }: Context,
  ): Promise<PhoneNumber> {
    const row = await this.numbers.find(trx, spaceId, phoneNumberId);
    if (!row) throw notFound('The phone number');
    return toPhoneNumber(row);
  }

  @HandleOperation(claimPhoneNumber)
  async claim(
    { spaceId, channelId, use, ...found }: OperationInput<typeof claimPhoneNumber>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof claimPhoneNumber>> {
    const column: ChannelColumn = use === 'calls' ? 'calls_channel_id' : 'messages_channel_id';
    // The row may go, given back by another channel, while it is waited for.
    const row =
      (await this.numbers.take(trx, spaceId, newId('phone'), found)) ??
      (await this.numbers.take(trx, spaceId, newId('phone'), found));
    if (!row)
      throw conflict(
        'A channel of another space uses this number. Delete that channel, or choose another number.',
        'number_in_use',
      );
    const holder = row[column];
    if (holder !== null && holder !== channelId)
      throw conflict(
        `The channel ${holder} uses this number. Delete that channel, or choose another number.`,
        'number_in_use',
      );
    await this.numbers.setChannel(trx, row, column, { channelId, found });
    await this.numbers.release(trx, spaceId, channelId, row.id);
    return { phoneConfigurationId: row.id };
  }

  @HandleOperation(releasePhoneNumber)
  async release(
    { spaceId, channelId }: OperationInput<typeof releasePhoneNumber>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof releasePhoneNumber>> {
    await this.numbers.release(trx, spaceId, channelId);
    return {};
  }
}

function toPhoneNumber(row: PhoneNumberRow): PhoneNumber {
  return {
    id: row.id,
    number: row.number,
    provider: row.provider,
    providerNumberId: row.provider_number_id,
    capabilities: row.capabilities,
    callsChannelId: row.calls_channel_id,
    messagesChannelId: row.messages_channel_id,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata,
  };
}
