import { Injectable } from '@nestjs/common';
import { claimPhoneNumber, ProblemError, servicePrincipal } from '@parley/contracts';
import { Database } from '@parley/database';
import { OperationClient } from '@parley/messaging';
import { GuardedFetch, InjectConfig } from '@parley/service';
import {
  type PhoneProvider,
  type ProviderAccess,
  ProviderError,
  type ProviderNumber,
  type VoiceWebhook,
} from '../adapters/phone-provider.ts';
import { publicBase, webhookPath } from '../channels/addresses.ts';
import type { TargetState } from '../channels/status.ts';
import type { GatewayConfig } from '../config.ts';
import type { ChannelRow, ChannelStatus, ConnectionChange, ConnectionRow, Tables } from '../database.ts';
import { ConnectionsRepository } from './connections.repository.ts';
import type { ReleasePayload } from './connections.service.ts';
import { missingNumber, NO_PUBLIC_URL, NO_TARGET, READY, TARGET_GONE, unusable } from './reasons.ts';

/** Milliseconds one request to a provider may take; nobody who set up a channel shall wait longer. */
const REQUEST_MS = 4000;
const CLAIM_MS = 3000;

/** A channel with all that is needed to speak to its provider. */
export interface Connected {
  row: ChannelRow;
  connection: ConnectionRow;
  provider: PhoneProvider;
  access: ProviderAccess;
  target: TargetState;
}

/** What a look at a channel has found. */
export interface Outcome {
  status: ChannelStatus;
  reason: string | null;
  change: ConnectionChange;
  /** The provider was away: another look follows soon. */
  isAway?: boolean;
  afterMs?: number | null;
}

/** Somebody asked for something else while this was at work. */
export class Superseded extends Error {}

/** Brings a channel and its provider together, step by step; every step may be repeated. */
@Injectable()
export class ConnectorService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly connections: ConnectionsRepository,
    private readonly operations: OperationClient,
    private readonly http: GuardedFetch,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** How requests to a provider are made. */
  get fetch(): typeof fetch {
    return this.http.withLimits({ timeoutMs: REQUEST_MS, maxRedirects: 0 });
  }

  /**
   * Looks at account, number and webhook; writes the webhook where calls are wanted and it is not there.
   * @throws Superseded
   */
  async check(known: Connected, kind: 'connect' | 'probe'): Promise<Outcome> {
    const change: ConnectionChange = {};
    try {
      await known.provider.checkAccount(known.access);
      const found = await this.findNumber(known);
      change.provider_number_id = found.providerNumberId;
      change.phone_configuration_id = await this.claim(known, found);
      return { change, ...(await this.reach(known, found, kind, change)) };
    } catch (error) {
      return { change, ...failureOf(error, known) };
    }
  }

  /** Puts back what stood at the provider before, if nobody has written something else since. */
  async restore(provider: PhoneProvider, access: ProviderAccess, payload: ReleasePayload): Promise<void> {
    const { number, providerNumberId, webhookUrl, former } = payload;
    if (webhookUrl === null || providerNumberId === null) return;
    const found = await provider.listNumbers(access, number);
    const now = found.find((one) => one.providerNumberId === providerNumberId);
    if (now?.webhook.voiceUrl !== webhookUrl) return;
    await provider.setWebhook(access, providerNumberId, former ?? nothing);
  }

  /** The webhook that a channel wants at its provider; null without a public address. */
  wantedWebhook({ id }: ChannelRow, provider: PhoneProvider): VoiceWebhook | null {
    const base = publicBase(this.config);
    if (base === null) return null;
    const voiceUrl = `${base}${webhookPath(provider.name, id)}`;
    return {
      voiceUrl,
      voiceMethod: 'POST',
      statusCallback: `${voiceUrl}/status`,
      statusCallbackMethod: 'POST',
    };
  }

  private async findNumber({ row, provider, access }: Connected): Promise<ProviderNumber> {
    const [found] = await provider.listNumbers(access, row.channel_identifier);
    if (!found) {
      const all = await provider.listNumbers(access);
      throw new ProviderError('missing', missingNumber(provider.label, row.channel_identifier, all));
    }
    const reason = unusable(found);
    if (reason) throw new ProviderError('refused', `${found.number} cannot take calls here. ${reason}`);
    return found;
  }

  /** One number, one channel: telephony keeps the book. */
  private async claim({ row, connection, provider }: Connected, found: ProviderNumber): Promise<string> {
    const { phone_configuration_id: held, provider_number_id: heldNumber } = connection;
    if (held !== null && heldNumber === found.providerNumberId) return held;
    const { number, providerNumberId, capabilities } = found;
    const { body } = await this.operations.request(
      claimPhoneNumber,
      {
        spaceId: row.space_id,
        channelId: row.id,
        use: 'calls',
        provider: provider.name,
        ...{ number, providerNumberId, capabilities },
      },
      { principal: servicePrincipal('channel-gateway', row.space_id), deadlineMs: CLAIM_MS },
    );
    return body.phoneConfigurationId;
  }

  private async reach(
    known: Connected,
    found: ProviderNumber,
    kind: 'connect' | 'probe',
    change: ConnectionChange,
  ): Promise<Pick<Outcome, 'status' | 'reason'>> {
    const { row, connection, provider } = known;
    if (!row.target) return { status: 'setup', reason: NO_TARGET };
    if (known.target === 'gone')
      return { status: connection.wanted === 'active' ? 'error' : 'setup', reason: TARGET_GONE };
    const wanted = this.wantedWebhook(row, provider);
    if (connection.wanted === 'ready') return { status: 'setup', reason: wanted ? READY : NO_PUBLIC_URL };
    if (!wanted) return { status: 'setup', reason: NO_PUBLIC_URL };
    const isOurs = sameWebhook(found.webhook, wanted);
    if (!isOurs && kind === 'probe' && connection.is_written && connection.webhook_url === wanted.voiceUrl)
      return { status: 'error', reason: changedByHand(provider.label, found) };
    if (!isOurs) await this.write(known, found, wanted);
    change.is_written = true;
    return { status: 'active', reason: null };
  }

  /** What stood there is kept before it is overwritten: whatever happens between, it can be put back. */
  private async write(known: Connected, found: ProviderNumber, wanted: VoiceWebhook): Promise<void> {
    const { connection, provider, access } = known;
    const { voiceUrl } = found.webhook;
    const isOwn = voiceUrl === connection.webhook_url || this.isOfThisInstallation(voiceUrl, provider);
    const former = isOwn ? connection.former : found.webhook;
    const change = {
      provider_number_id: found.providerNumberId,
      webhook_url: wanted.voiceUrl,
      is_written: false,
      former: former && JSON.stringify(former),
    };
    const isKept = await this.database.withSpaces([connection.space_id], (trx) =>
      this.connections.change(trx, connection, change),
    );
    if (!isKept) throw new Superseded();
    await provider.setWebhook(access, found.providerNumberId, wanted);
  }

  /** A channel that is gone may have left its address behind; nobody wants that back. */
  private isOfThisInstallation(voiceUrl: string, provider: PhoneProvider): boolean {
    return voiceUrl.startsWith(`${publicBase(this.config)}${webhookPath(provider.name, 'chan_')}`);
  }
}

const nothing: VoiceWebhook = {
  ...{ voiceUrl: '', voiceMethod: 'POST' },
  ...{ statusCallback: '', statusCallbackMethod: 'POST' },
};

function sameWebhook(one: VoiceWebhook, other: VoiceWebhook): boolean {
  return (
    one.voiceUrl === other.voiceUrl &&
    one.voiceMethod === other.voiceMethod &&
    one.statusCallback === other.statusCallback
  );
}

function changedByHand(label: string, { number, webhook }: ProviderNumber): string {
  const place = webhook.voiceUrl ? 'points elsewhere' : 'is empty';
  return `The webhook of ${number} was changed at ${label}: it ${place}, and calls do not come here. Activate the channel to write it again, or delete the channel.`;
}

/** Calls go on while a provider's API is away: an active channel stays so. */
function failureOf(error: unknown, { row }: Connected): Omit<Outcome, 'change'> {
  if (error instanceof ProblemError && error.status === 409)
    return { status: 'error', reason: error.message };
  if (error instanceof ProblemError && error.status >= 500)
    return away(row, 'Telephony, which keeps the phone numbers, does not answer', null);
  if (!(error instanceof ProviderError)) throw error;
  if (error.kind !== 'away') return { status: 'error', reason: error.message };
  return away(row, error.message, error.afterMs);
}

function away(row: ChannelRow, message: string, afterMs: number | null): Omit<Outcome, 'change'> {
  const reason =
    row.status === 'active'
      ? `${message}. Calls are taken as before; Parley checks again automatically.`
      : `${message}. You need to do nothing: Parley tries again automatically.`;
  return { status: row.status === 'active' ? 'active' : 'error', reason, isAway: true, afterMs };
}
