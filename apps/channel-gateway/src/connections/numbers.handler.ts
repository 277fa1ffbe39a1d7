import { Controller } from '@nestjs/common';
import {
  listChannelNumbers,
  listPhoneNumbers,
  type OperationInput,
  type OperationOutput,
  servicePrincipal,
  unavailable,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { BeforeOperation, HandleOperation, OperationClient, type OperationContext } from '@parley/messaging';
import { SecretBox } from '@parley/service';
import { phoneProviderFor } from '../adapters/index.ts';
import { type PhoneProvider, type ProviderAccess, ProviderError } from '../adapters/phone-provider.ts';
import { credentialsPlace, readCredentials } from '../channels/channel-directory.service.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import type { Tables } from '../database.ts';
import { apiBaseUrlOf } from './connections.service.ts';
import { ConnectorService } from './connector.service.ts';
import { NO_CREDENTIALS, unusable } from './reasons.ts';

type Listed = OperationOutput<typeof listChannelNumbers>;

const TELEPHONY_MS = 2000;

/** What is asked of providers and of telephony while somebody waits, outside every transaction. */
@Controller()
export class NumbersHandler {
  constructor(
    private readonly database: Database<Tables>,
    private readonly channels: ChannelsService,
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
