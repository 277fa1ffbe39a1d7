import { Controller } from '@nestjs/common';
import {
  activateChannel,
  createChannel,
  deactivateChannel,
  deleteChannel,
  type DeploymentChannel,
  type OperationInput,
  setUpChannel,
  updateChannel,
  verifyChannel,
} from '@parley/contracts';
import { Database, sleep } from '@parley/database';
import { AfterOperation, type BeforeContext } from '@parley/messaging';
import { ConnectionsService } from '../connections/connections.service.ts';
import type { ChannelTrx, Tables } from '../database.ts';
import { ChannelDirectory } from './channel-directory.service.ts';
import type { Created } from './changes.ts';
import { ChannelsService } from './channels.service.ts';

/** How long whoever sets a channel up is kept for the outcome at its provider, and whoever deletes one. */
const OUTCOME_MS = 8000;
const RELEASE_MS = 3000;
const LOOK_MS = 100;
/** A gateway knows of a change within milliseconds, unless NATS is away. */
const KNOWN_MS = 2000;

/**
 * What is awaited between the commit of a change and its answer: its provider, and that the gateway knows the channel as it
 * stands now. Whoever is told of a channel may use it at once.
 */
@Controller()
export class OutcomesHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly channels: ChannelsService,
    private readonly connections: ConnectionsService,
    private readonly directory: ChannelDirectory,
  ) {}

  @AfterOperation(createChannel)
  async afterCreate(created: Created, context: BeforeContext): Promise<Created> {
    return { ...created, channel: await this.outcome(created.channel, context) };
  }

  @AfterOperation(setUpChannel)
  async afterSetUp(created: Created, context: BeforeContext): Promise<Created> {
    return { ...created, channel: await this.outcome(created.channel, context) };
  }

  @AfterOperation(activateChannel)
  async afterActivate(channel: DeploymentChannel, context: BeforeContext): Promise<DeploymentChannel> {
    return this.outcome(channel, context);
  }

  @AfterOperation(deactivateChannel)
  async afterDeactivate(channel: DeploymentChannel, context: BeforeContext): Promise<DeploymentChannel> {
    return this.outcome(channel, context);
  }

  @AfterOperation(verifyChannel)
  async afterVerify(channel: DeploymentChannel, context: BeforeContext): Promise<DeploymentChannel> {
    return this.outcome(channel, context);
  }

  @AfterOperation(updateChannel)
  async afterUpdate(channel: DeploymentChannel, context: BeforeContext): Promise<DeploymentChannel> {
    return this.outcome(channel, context);
  }

  /** A number is free again when its channel is said to be gone, unless the provider is slow. */
  @AfterOperation(deleteChannel)
  async afterDelete(output: unknown, { spaceId, input }: BeforeContext): Promise<unknown> {
    const { channelId } = input as OperationInput<typeof deleteChannel>;
    if (spaceId === null) return output;
    await this.wait(
      spaceId,
      RELEASE_MS,
      async (trx) => !(await this.connections.isBusy(trx, spaceId, channelId)),
    );
    return output;
  }

  /** The channel as it stands once its provider has been asked, or when the caller has waited long enough. */
  private async outcome(channel: DeploymentChannel, { spaceId }: BeforeContext): Promise<DeploymentChannel> {
    if (spaceId === null) return channel;
    if (channel.deploymentType === 'CALLS')
      await this.wait(spaceId, OUTCOME_MS, async (trx) => {
        const row = await this.channels.find(trx, spaceId, channel.id);
        const connection = await this.connections.find(trx, row);
        return !connection || connection.settled >= connection.intent;
      });
    const row = await this.database.withSpaces([spaceId], (trx) =>
      this.channels.find(trx, spaceId, channel.id),
    );
    await Promise.race([this.directory.reach(row.id, row.version), sleep(KNOWN_MS)]);
    return this.channels.toChannel(row);
  }

  private async wait(
    spaceId: string,
    patienceMs: number,
    look: (trx: ChannelTrx) => Promise<boolean>,
  ): Promise<void> {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      if (await this.database.withSpaces([spaceId], look)) return;
      await sleep(LOOK_MS);
    }
  }
}
