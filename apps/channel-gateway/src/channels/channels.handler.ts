import { Controller } from '@nestjs/common';
import {
  activateChannel,
  badRequest,
  createChannel,
  cursorOf,
  deactivateChannel,
  deleteChannel,
  type DeploymentChannelRequest,
  DeploymentChannelRequestSchema,
  getChannel,
  getChannelHealth,
  listChannels,
  listDeliveries,
  type OperationInput,
  type OperationOutput,
  pageOf,
  problemDetails,
  setUpChannel,
  unprocessable,
  updateChannel,
  verifyChannel,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import { ConnectionsService } from '../connections/connections.service.ts';
import type { DeliveryRow, Tables } from '../database.ts';
import { DeliveriesRepository } from '../deliveries/deliveries.repository.ts';
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
    private readonly connections: ConnectionsService,
  ) {}

  @HandleOperation(createChannel)
  async create(input: OperationInput<typeof createChannel>, { trx }: Context): Promise<Created> {
    const { spaceId, credentials, ...body } = input;
    const request = DeploymentChannelRequestSchema.safeParse(body);
    if (!request.success)
      throw badRequest('The channel has unknown or wrong fields.', problemDetails(request.error));
    return this.service.create(trx, spaceId, request.data, credentials);
  }

  @HandleOperation(setUpChannel)
  async setUp(input: OperationInput<typeof setUpChannel>, { trx }: Context): Promise<Created> {
    const target = input.target ?? input.channel.target;
    if (input.target && input.channel.target)
      throw unprocessable('A channel has one target. Name it once.', 'two_targets');
    const request = { ...input.channel, channelIdentifier: identifierOf(input), target };
    const created = await this.service.create(
      trx,
      input.spaceId,
      request as DeploymentChannelRequest,
      input.credentials,
    );
    const { id } = created.channel;
    if (input.activate && target)
      return { ...created, channel: await this.service.activate(trx, input.spaceId, id) };
    if (input.channel.deploymentType !== 'CALLS') return created;
    return { ...created, channel: await this.service.verify(trx, input.spaceId, id) };
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
    return pageOf(rows, limit, (row) => this.service.toChannel(row));
  }

  @HandleOperation(getChannel)
  async get(input: OperationInput<typeof getChannel>, { trx }: Context): Promise<Channel> {
    return this.service.toChannel(await this.service.find(trx, input.spaceId, input.channelId));
  }

  @HandleOperation(updateChannel)
  async update(input: OperationInput<typeof updateChannel>, { trx }: Context): Promise<Channel> {
    const { spaceId, channelId, ...change } = input;
    return this.service.update(trx, spaceId, channelId, change);
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
  async verify(input: OperationInput<typeof verifyChannel>, { trx }: Context): Promise<Channel> {
    return this.service.verify(trx, input.spaceId, input.channelId);
  }

  @HandleOperation(activateChannel)
  async activate(input: OperationInput<typeof activateChannel>, { trx }: Context): Promise<Channel> {
    return this.service.activate(trx, input.spaceId, input.channelId);
  }

  @HandleOperation(deactivateChannel)
  async deactivate(input: OperationInput<typeof deactivateChannel>, { trx }: Context): Promise<Channel> {
    return this.service.deactivate(trx, input.spaceId, input.channelId);
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
      checkedAt: (await this.connections.find(trx, row))?.checked_at?.toISOString() ?? null,
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
    return pageOf(rows, input.limit, toDelivery);
  }
}

/** A number may stand in the channel, beside it, or in both places; but it is one. */
function identifierOf({ channel, phoneNumber }: OperationInput<typeof setUpChannel>): string {
  const { channelIdentifier = phoneNumber } = channel;
  if (channelIdentifier === undefined)
    throw badRequest('Name the phone number that is to be called.', [
      { pointer: '/phoneNumber', detail: 'is needed where channel.channelIdentifier is absent' },
    ]);
  if (phoneNumber !== undefined && phoneNumber !== channelIdentifier)
    throw unprocessable(
      'phoneNumber and channel.channelIdentifier differ. Name the number once.',
      'number_mismatch',
    );
  return channelIdentifier;
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
