import { Controller } from '@nestjs/common';
import {
  activateChannel,
  badRequest,
  createChannel,
  deactivateChannel,
  deleteChannel,
  DeploymentChannelRequestSchema,
  getChannel,
  getChannelHealth,
  listChannels,
  listDeliveries,
  type OperationInput,
  type OperationOutput,
  problemDetails,
  setUpChannel,
  unprocessable,
  updateChannel,
  verifyChannel,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { DeliveryRow, Tables } from '../database.ts';
import { DeliveriesRepository } from '../deliveries/deliveries.repository.ts';
import { ChannelDirectory } from './channel-directory.service.ts';
import { ChannelsRepository } from './channels.repository.ts';
import { ChannelsService, type Created } from './channels.service.ts';

type Context = OperationContext<Tables>;
type Channel = OperationOutput<typeof getChannel>;

@Controller()
export class ChannelsHandler {
  constructor(
    private readonly service: ChannelsService,
    private readonly channels: ChannelsRepository,
    private readonly deliveries: DeliveriesRepository,
    private readonly directory: ChannelDirectory,
  ) {}

  @HandleOperation(createChannel)
  async create(input: OperationInput<typeof createChannel>, context: Context): Promise<Created> {
    const { spaceId, credentials, ...body } = input;
    const request = DeploymentChannelRequestSchema.safeParse(body);
    if (!request.success)
      throw badRequest('The channel has unknown or wrong fields.', problemDetails(request.error));
    const created = await this.service.create(context.trx, spaceId, request.data, credentials?.webhookSecret);
    await this.untilKnown(context, input.spaceId, created.channel);
    return created;
  }

  @HandleOperation(setUpChannel)
  async setUp(input: OperationInput<typeof setUpChannel>, context: Context): Promise<Created> {
    const target = input.target ?? input.channel.target;
    if (input.target && input.channel.target)
      throw unprocessable('A channel has one target. Name it once.', 'two_targets');
    const created = await this.service.create(
      context.trx,
      input.spaceId,
      { ...input.channel, target },
      input.credentials?.webhookSecret,
    );
    const { id } = created.channel;
    const channel =
      input.activate && target
        ? await this.service.activate(context.trx, input.spaceId, id)
        : created.channel;
    return { ...created, channel: await this.untilKnown(context, input.spaceId, channel) };
  }

  @HandleOperation(listChannels)
  async list(
    input: OperationInput<typeof listChannels>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listChannels>> {
    const { spaceId, limit, deploymentType, status } = input;
    const rows = await this.channels.list(trx, {
      spaceId,
      limit,
      deploymentType,
      status,
      before: cursorOf(input.cursor),
    });
    return page(rows, limit, (row) => this.service.toChannel(row));
  }

  @HandleOperation(getChannel)
  async get(input: OperationInput<typeof getChannel>, { trx }: Context): Promise<Channel> {
    return this.service.toChannel(await this.service.find(trx, input.spaceId, input.channelId));
  }

  @HandleOperation(updateChannel)
  async update(input: OperationInput<typeof updateChannel>, context: Context): Promise<Channel> {
    const { spaceId, channelId, credentials, ...change } = input;
    const secret = credentials?.webhookSecret;
    const changed = await this.service.update(context.trx, spaceId, channelId, change, secret);
    return this.untilKnown(context, spaceId, changed);
  }

  @HandleOperation(deleteChannel)
  async delete(
    input: OperationInput<typeof deleteChannel>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof deleteChannel>> {
    await this.service.delete(trx, input.spaceId, input.channelId);
    return {};
  }

  @HandleOperation(verifyChannel)
  async verify(input: OperationInput<typeof verifyChannel>, context: Context): Promise<Channel> {
    const channel = await this.service.verify(context.trx, input.spaceId, input.channelId);
    return this.untilKnown(context, input.spaceId, channel);
  }

  @HandleOperation(activateChannel)
  async activate(input: OperationInput<typeof activateChannel>, context: Context): Promise<Channel> {
    const channel = await this.service.activate(context.trx, input.spaceId, input.channelId);
    return this.untilKnown(context, input.spaceId, channel);
  }

  @HandleOperation(deactivateChannel)
  async deactivate(input: OperationInput<typeof deactivateChannel>, context: Context): Promise<Channel> {
    const channel = await this.service.deactivate(context.trx, input.spaceId, input.channelId);
    return this.untilKnown(context, input.spaceId, channel);
  }

  @HandleOperation(getChannelHealth)
  async health(
    input: OperationInput<typeof getChannelHealth>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof getChannelHealth>> {
    const row = await this.service.find(trx, input.spaceId, input.channelId);
    return {
      status: row.status,
      statusReason: row.status_reason,
      ...(await this.deliveries.summary(trx, row.space_id, row.id)),
    };
  }

  @HandleOperation(listDeliveries)
  async listDeliveries(
    input: OperationInput<typeof listDeliveries>,
    { trx }: Context,
  ): Promise<OperationOutput<typeof listDeliveries>> {
    await this.service.find(trx, input.spaceId, input.channelId);
    const rows = await this.deliveries.list(trx, { ...input, before: cursorOf(input.cursor) });
    return page(rows, input.limit, toDelivery);
  }

  /** Whoever is told of a channel may use it at once: its webhooks are answered from what every gateway keeps of it. */
  private async untilKnown(context: Context, spaceId: string, channel: Channel): Promise<Channel> {
    const { version } = await this.service.find(context.trx, spaceId, channel.id);
    context.beforeAnswer(() => this.directory.reach(channel.id, version));
    return channel;
  }
}

function toDelivery(row: DeliveryRow): OperationOutput<typeof listDeliveries>['data'][number] {
  return {
    id: row.id,
    channelId: row.channel_id,
    conversationId: row.conversation_id,
    messageId: row.message_id,
    status: row.status,
    attempts: row.attempts,
    reason: row.reason,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function cursorOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (!/^[a-z]+_[0-9a-z]+$/.test(cursor))
    throw badRequest('The cursor is not one that a list gave. Start again without it.');
  return cursor;
}

function page<Row extends { id: string }, Item>(
  rows: Row[],
  limit: number,
  map: (row: Row) => Item,
): { data: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  return { data: shown.map(map), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
