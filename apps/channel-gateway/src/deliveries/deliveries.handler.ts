import { Controller } from '@nestjs/common';
import {
  conflict,
  cursorOf,
  type Delivery,
  getMessage,
  listDeliveries,
  type Message,
  messageForVisitor,
  notFound,
  type OperationInput,
  type OperationOutput,
  pageOf,
  replayDelivery,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import {
  BeforeOperation,
  findReferenced,
  HandleOperation,
  OperationClient,
  type OperationContext,
} from '@parley/messaging';
import { ChannelsService } from '../channels/channels.service.ts';
import type { DeliveryRow, Tables } from '../database.ts';
import { DeliveriesRepository } from './deliveries.repository.ts';
import { DeliveriesService } from './deliveries.service.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;

/** What was delivered, what fails and why, and another attempt at it. */
@Controller()
export class DeliveriesHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly channels: ChannelsService,
    private readonly deliveries: DeliveriesRepository,
    private readonly service: DeliveriesService,
    private readonly operations: OperationClient,
  ) {}

  @HandleOperation(listDeliveries)
  async list(
    input: OperationInput<typeof listDeliveries>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listDeliveries>> {
    await this.channels.find(trx, input.spaceId, input.channelId);
    const rows = await this.deliveries.list(trx, { ...input, before: cursorOf(input.cursor) });
    return pageOf(rows, input.limit, toDelivery);
  }

  /** The message as it stands now: deliveries keep no copy of it. */
  @BeforeOperation(replayDelivery)
  async beforeReplay(input: OperationInput<typeof replayDelivery>): Promise<Message | null> {
    const { spaceId } = input;
    const row = await this.database.withSpaces([spaceId], (trx) => this.deliveries.lock(trx, input));
    if (!row) throw notFound('The delivery');
    const { conversation_id: conversationId, message_id: messageId } = row;
    const message = await findReferenced(
      this.operations,
      getMessage,
      { spaceId, conversationId, messageId },
      { service: 'channel-gateway', spaceId },
    );
    return message && messageForVisitor(message);
  }

  @HandleOperation(replayDelivery)
  async replay(
    input: OperationInput<typeof replayDelivery>,
    { trx, before: message }: Context<Message | null>,
  ): Promise<Delivery> {
    const row = await this.deliveries.lock(trx, input);
    if (!row) throw notFound('The delivery');
    if (row.status !== 'failed')
      throw conflict(
        `The delivery is ${row.status}. Only failed deliveries can be replayed.`,
        'delivery_not_failed',
      );
    if (!message) throw unprocessable('The message of this delivery was deleted.', 'message_gone');
    if (row.to_address === null)
      throw unprocessable(
        'The address of this delivery is unknown: the contact was erased, or the delivery is older than stored addresses.',
        'address_gone',
      );
    const begun = await this.deliveries.reset(trx, row);
    await this.service.begin(trx, begun, message);
    return toDelivery(begun);
  }
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    channelId: row.channel_id,
    conversationId: row.conversation_id,
    messageId: row.message_id,
    kind: row.kind,
    status: row.status,
    attempts: row.attempts,
    reason: row.reason,
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    providerMessageId: row.provider_message_id,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
