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
import type { Tables } from '../database.ts';
import { DeliveriesRepository } from '../deliveries/deliveries.repository.ts';
import { ChannelsRepository } from './channels.repository.ts';
import type { Created } from './changes.ts';
import { ChannelsService } from './channels.service.ts';
import type { FoundTarget } from './references.handler.ts';

type Context<Before = unknown> = OperationContext<Tables, Before>;
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
  async create(
    input: OperationInput<typeof createChannel>,
    { trx, before: found }: Context<FoundTarget>,
  ): Promise<Created> {
    const { spaceId, credentials, ...body } = input;
    const request = DeploymentChannelRequestSchema.safeParse(body);
    if (!request.success)
      throw badRequest('The channel has unknown or wrong fields.', problemDetails(request.error));
    return this.service.create(trx, spaceId, request.data, { credentials, found });
  }

  @HandleOperation(setUpChannel)
  async setUp(
    input: OperationInput<typeof setUpChannel>,
    { trx, before: found }: Context<FoundTarget>,
  ): Promise<Created> {
    const target = input.target ?? input.channel.target;
    if (input.target && input.channel.target)
      throw unprocessable(
        'A channel has one target. Give it once, in the channel or beside it.',
        'two_targets',
      );
    const request = { ...input.channel, channelIdentifier: identifierOf(input), target };
    const { credentials } = input;
    const reference = { found, pointer: input.target ? '' : '/channel' };
    const created = await this.service.create(trx, input.spaceId, request as DeploymentChannelRequest, {
      credentials,
      ...reference,
    });
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
  async update(
    input: OperationInput<typeof updateChannel>,
    { trx, before: found }: Context<FoundTarget>,
  ): Promise<Channel> {
    const { spaceId, channelId, ...change } = input;
    return this.service.update(trx, spaceId, channelId, { ...change, found });
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
  async activate(
    input: OperationInput<typeof activateChannel>,
    { trx, before: found }: Context<FoundTarget>,
  ): Promise<Channel> {
    return this.service.activate(trx, input.spaceId, input.channelId, { found });
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
