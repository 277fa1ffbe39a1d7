import { Controller } from '@nestjs/common';
import {
  activateChannel,
  createChannel,
  findTarget,
  type OperationInput,
  setUpChannel,
  updateChannel,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { BeforeOperation } from '@parley/messaging';
import { PhoneReferences } from '../connections/phone-references.service.ts';
import type { ChannelRow, Tables, TargetTable } from '../database.ts';
import { ChannelsService } from './channels.service.ts';
import { TargetFinder } from './target-finder.service.ts';

/** What was found before the transaction: the target that is not known here yet. */
export type FoundTarget = TargetTable | null;

/** Looks up what a request refers to at its owner, before the transaction of the request. */
@Controller()
export class ReferencesHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly channels: ChannelsService,
    private readonly targets: TargetFinder,
    private readonly phones: PhoneReferences,
  ) {}

  @BeforeOperation(createChannel)
  async beforeCreate(input: OperationInput<typeof createChannel>): Promise<FoundTarget> {
    const { spaceId, configuration, channelIdentifier, target, id, createdAt } = input;
    const isCopy = id !== undefined && createdAt !== undefined;
    await this.phones.require(spaceId, { configuration, channelIdentifier, pointer: '', isCopy });
    return this.targets.find(spaceId, target);
  }

  @BeforeOperation(setUpChannel)
  async beforeSetUp({
    spaceId,
    channel,
    phoneNumber,
    target,
  }: OperationInput<typeof setUpChannel>): Promise<FoundTarget> {
    const { channelIdentifier = phoneNumber, configuration } = channel;
    const isCopy = channel.id !== undefined && channel.createdAt !== undefined;
    await this.phones.require(spaceId, { configuration, channelIdentifier, pointer: '/channel', isCopy });
    return this.targets.find(spaceId, target ?? channel.target);
  }

  @BeforeOperation(updateChannel)
  async beforeUpdate(input: OperationInput<typeof updateChannel>): Promise<FoundTarget> {
    const { spaceId, channelId, configuration, target } = input;
    if (configuration?.['phoneConfigurationId'] !== undefined) {
      const { channelIdentifier = (await this.row(spaceId, channelId)).channel_identifier } = input;
      await this.phones.require(spaceId, { configuration, channelIdentifier, pointer: '', isCopy: false });
    }
    return this.targets.find(spaceId, target);
  }

  @BeforeOperation(activateChannel)
  async beforeActivate({ spaceId, channelId }: OperationInput<typeof activateChannel>): Promise<FoundTarget> {
    return this.targets.find(spaceId, (await this.row(spaceId, channelId)).target);
  }

  @BeforeOperation(findTarget)
  async beforeFind({ spaceId, target }: OperationInput<typeof findTarget>): Promise<FoundTarget> {
    return this.targets.find(spaceId, target);
  }

  private row(spaceId: string, channelId: string): Promise<ChannelRow> {
    return this.database.withSpaces([spaceId], (trx) => this.channels.find(trx, spaceId, channelId));
  }
}
