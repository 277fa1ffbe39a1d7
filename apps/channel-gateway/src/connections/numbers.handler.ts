import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import {
  activateChannel,
  createChannel,
  deleteChannel,
  type DeploymentChannel,
  getPhoneNumber,
  listChannelNumbers,
  listPhoneNumbers,
  type OperationInput,
  type OperationOutput,
  type PhoneNumber,
  ProblemError,
  servicePrincipal,
  setUpChannel,
  unavailable,
  unprocessable,
  updateChannel,
  verifyChannel,
} from '@parley/contracts';
import { Database } from '@parley/database';
import {
  AfterOperation,
  type BeforeContext,
  BeforeOperation,
  HandleOperation,
  OperationClient,
  type OperationContext,
} from '@parley/messaging';
import { SecretBox } from '@parley/service';
import { phoneProviderFor } from '../adapters/index.ts';
import { type PhoneProvider, type ProviderAccess, ProviderError } from '../adapters/phone-provider.ts';
import { credentialsPlace, readCredentials } from '../channels/channel-directory.service.ts';
import { ChannelsService, type Created } from '../channels/channels.service.ts';
import type { Tables } from '../database.ts';
import { apiBaseUrlOf, ConnectionsService } from './connections.service.ts';
import { ConnectorService } from './connector.service.ts';
import { NO_CREDENTIALS, unusable } from './reasons.ts';

type Listed = OperationOutput<typeof listChannelNumbers>;

/** How long whoever sets a channel up is kept for the outcome, and whoever deletes one. */
const OUTCOME_MS = 8000;
const RELEASE_MS = 3000;
const LOOK_MS = 100;
const TELEPHONY_MS = 2000;

/** What is asked of providers and of telephony while somebody waits, outside every transaction. */
@Controller()
export class NumbersHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly channels: ChannelsService,
    private readonly connections: ConnectionsService,
    private readonly connector: ConnectorService,
    private readonly operations: OperationClient,
    private readonly secrets: SecretBox,
  ) {}

  @BeforeOperation(listChannelNumbers)
  async beforeList({ spaceId, channelId }: OperationInput<typeof listChannelNumbers>): Promise<Listed> {
    const { provider, access } = await this.accessOf(spaceId, channelId);
    try {
      await provider.checkAccount(access);
      const [found, taken] = await Promise.all([provider.listNumbers(access), this.takenNumbers(spaceId)]);
      const data = found.map((one) => {
        const { number, providerNumberId, name, capabilities } = one;
        const holder = taken.get(number) ?? null;
        const reason =
          unusable(one) ??
          (holder !== null && holder !== channelId ? `The channel ${holder} uses this number.` : null);
        return { number, providerNumberId, name, capabilities, usable: reason === null, reason };
      });
      return { data, nextCursor: null };
    } catch (error) {
      throw problemOf(error);
    }
  }

  @HandleOperation(listChannelNumbers)
  async list(
    _input: OperationInput<typeof listChannelNumbers>,
    { before }: OperationContext<Tables, Listed>,
  ): Promise<Listed> {
    return Promise.resolve(before);
  }

  @BeforeOperation(createChannel)
  async beforeCreate(input: OperationInput<typeof createChannel>): Promise<void> {
    const { spaceId, channelIdentifier, configuration } = input;
    await this.requireSame(spaceId, configuration, channelIdentifier);
  }

  @BeforeOperation(setUpChannel)
  async beforeSetUp(input: OperationInput<typeof setUpChannel>): Promise<void> {
    const { channelIdentifier = input.phoneNumber, configuration } = input.channel;
    await this.requireSame(input.spaceId, configuration, channelIdentifier);
  }

  @BeforeOperation(updateChannel)
  async beforeUpdate(input: OperationInput<typeof updateChannel>): Promise<void> {
    const { spaceId, channelId, configuration } = input;
    if (configuration?.['phoneConfigurationId'] === undefined) return;
    const row = await this.database.withSpaces([spaceId], (trx) =>
      this.channels.find(trx, spaceId, channelId),
    );
    await this.requireSame(spaceId, configuration, input.channelIdentifier ?? row.channel_identifier);
  }

  @AfterOperation(setUpChannel)
  async afterSetUp(created: Created, context: BeforeContext): Promise<Created> {
    return { ...created, channel: await this.outcome(created.channel, context) };
  }

  @AfterOperation(activateChannel)
  async afterActivate(channel: DeploymentChannel, context: BeforeContext): Promise<DeploymentChannel> {
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
    if (channel.deploymentType !== 'CALLS' || spaceId === null) return channel;
    await this.wait(spaceId, OUTCOME_MS, async (trx) => {
      const connection = await this.connections.find(trx, await this.channels.find(trx, spaceId, channel.id));
      return !connection || connection.settled >= connection.intent;
    });
    return this.database.withSpaces([spaceId], async (trx) =>
      this.channels.toChannel(await this.channels.find(trx, spaceId, channel.id)),
    );
  }

  private async wait(
    spaceId: string,
    patienceMs: number,
    look: (trx: OperationContext<Tables>['trx']) => Promise<boolean>,
  ): Promise<void> {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      if (await this.database.withSpaces([spaceId], look)) return;
      await sleep(LOOK_MS);
    }
  }

  private async accessOf(
    spaceId: string,
    channelId: string,
  ): Promise<{ provider: PhoneProvider; access: ProviderAccess }> {
    return this.database.withSpaces([spaceId], async (trx) => {
      const row = await this.channels.find(trx, spaceId, channelId);
      const provider = phoneProviderFor(row);
      if (!provider)
        throw unprocessable(
          'Only CALLS channels of the provider twilio have numbers to list.',
          'no_provider',
        );
      if (!row.sealed_credentials) throw unprocessable(NO_CREDENTIALS, 'no_credentials');
      const place = credentialsPlace(spaceId, channelId);
      const credentials = readCredentials(await this.secrets.open(trx, place, row.sealed_credentials));
      return {
        provider,
        access: { credentials, apiBaseUrl: apiBaseUrlOf(row), fetch: this.connector.fetch },
      };
    });
  }

  /** Which channel has which number, as far as this space knows. */
  private async takenNumbers(spaceId: string): Promise<Map<string, string>> {
    const taken = new Map<string, string>();
    const principal = servicePrincipal('channel-gateway', spaceId);
    let cursor: string | undefined;
    do {
      const { body } = await this.operations.request(
        listPhoneNumbers,
        { spaceId, limit: 200, ...(cursor ? { cursor } : {}) },
        { principal, deadlineMs: TELEPHONY_MS },
      );
      for (const { number, callsChannelId } of body.data)
        if (callsChannelId) taken.set(number, callsChannelId);
      cursor = body.nextCursor ?? undefined;
    } while (cursor);
    return taken;
  }

  /** A phone number that is known and is another one than the channel's is a mistake. */
  private async requireSame(spaceId: string, configuration: unknown, identifier: unknown): Promise<void> {
    const phoneNumberId = (configuration as { phoneConfigurationId?: unknown } | undefined)
      ?.phoneConfigurationId;
    if (typeof phoneNumberId !== 'string' || !/^phone_[0-9a-z]+$/.test(phoneNumberId)) return;
    const known = await this.phoneNumber(spaceId, phoneNumberId);
    if (!known || known.number === identifier) return;
    throw unprocessable(
      `The phone number ${phoneNumberId} is ${known.number}. Give that as channelIdentifier, or leave phoneConfigurationId out.`,
      'number_mismatch',
    );
  }

  private async phoneNumber(spaceId: string, phoneNumberId: string): Promise<PhoneNumber | null> {
    try {
      const principal = servicePrincipal('channel-gateway', spaceId);
      const { body } = await this.operations.request(
        getPhoneNumber,
        { spaceId, phoneNumberId },
        { principal, deadlineMs: TELEPHONY_MS },
      );
      return body;
    } catch (error) {
      if (error instanceof ProblemError) return null;
      throw error;
    }
  }
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error;
  if (error.kind === 'away')
    return unavailable(`${error.message}. Try again in a while.`, Math.ceil((error.afterMs ?? 5000) / 1000));
  return unprocessable(
    error.message,
    error.kind === 'credentials' ? 'credentials_refused' : 'provider_refused',
  );
}
