import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  badRequest,
  type ChannelCredentials,
  channelKind,
  channelStatusChanged,
  type DeploymentChannel,
  type DeploymentChannelRequest,
  newId,
  notFound,
  problemDetails,
  unprocessable,
} from '@parley/contracts';
import { channelBucket, EventLog } from '@parley/messaging';
import { InjectConfig, SecretBox } from '@parley/service';
import { adapterFor, phoneProviderFor } from '../adapters/index.ts';
import type { GatewayConfig } from '../config.ts';
import { ConnectionsService } from '../connections/connections.service.ts';
import { CHECKING, NO_CREDENTIALS, NO_PROVIDER, NO_TARGET, READY } from '../connections/reasons.ts';
import type { ChannelRow, ChannelStatus, ChannelTarget, ChannelTrx } from '../database.ts';
import { publicBase, webhookPath } from './addresses.ts';
import { credentialsPlace, type KnownChannel, secretPlace } from './channel-directory.service.ts';
import { ChannelsRepository } from './channels.repository.ts';
import { requireCredentialsForHost } from './credential-host.ts';
import { drawSecret, type Secrets, secretsOf } from './credentials.ts';
import { requirePossible } from './phone-number.ts';

export interface Created {
  channel: DeploymentChannel;
  credentials: { webhookSecret: string } | null;
}

interface Change {
  channelName?: string | null | undefined;
  recordingEnabled?: boolean | undefined;
  channelIdentifier?: string | undefined;
  configuration?: Record<string, unknown> | undefined;
  target?: ChannelTarget | null | undefined;
  language?: string | null | undefined;
  credentials?: ChannelCredentials | undefined;
}

@Injectable()
export class ChannelsService {
  constructor(
    private readonly channels: ChannelsRepository,
    private readonly events: EventLog,
    private readonly secrets: SecretBox,
    private readonly connections: ConnectionsService,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  async create(
    trx: ChannelTrx,
    spaceId: string,
    request: DeploymentChannelRequest,
    credentials: ChannelCredentials | undefined,
  ): Promise<Created> {
    const id = newId('chan');
    requirePossible(request.deploymentType, request.channelIdentifier);
    const given = secretsOf(request.deploymentType, request.provider ?? null, credentials);
    const secret = adapterFor(request.deploymentType) ? (given.webhookSecret ?? drawSecret()) : null;
    const targetName = await this.requireTarget(trx, spaceId, request.target ?? null);
    const row = await this.channels.insert(trx, {
      space_id: spaceId,
      id,
      deployment_type: request.deploymentType,
      channel_name: request.channelName ?? null,
      recording_enabled: request.recordingEnabled,
      channel_identifier: request.channelIdentifier,
      configuration: JSON.stringify(request.configuration),
      provider: given.provider,
      target: request.target ? JSON.stringify(request.target) : null,
      target_name: targetName,
      language: request.language ?? null,
      status: 'setup',
      status_reason: request.target ? 'Not activated yet.' : NO_TARGET,
      ...(await this.seal(trx, spaceId, id, { webhookSecret: secret, account: given.account })),
    });
    await this.announce(trx, row);
    return { channel: this.toChannel(row), credentials: secret ? { webhookSecret: secret } : null };
  }

  async update(
    trx: ChannelTrx,
    spaceId: string,
    id: string,
    { credentials, ...change }: Change,
  ): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    const given = secretsOf(row.deployment_type, row.provider, credentials);
    const kind = channelKind(row.deployment_type);
    if (change.channelIdentifier !== undefined)
      check('channelIdentifier', kind.channelIdentifier.safeParse(change.channelIdentifier));
    if (change.channelIdentifier !== undefined)
      requirePossible(row.deployment_type, change.channelIdentifier);
    const configuration =
      change.configuration &&
      check('configuration', kind.configuration.safeParse({ ...row.configuration, ...change.configuration }));
    requireCredentialsForHost(
      row,
      configuration as Record<string, unknown> | undefined,
      given.account !== null,
    );
    const targetName =
      change.target === undefined ? undefined : await this.requireTarget(trx, spaceId, change.target);
    const changed = await this.channels.update(trx, row, {
      // Columns that are undefined stay as they are.
      channel_name: change.channelName,
      recording_enabled: change.recordingEnabled,
      channel_identifier: change.channelIdentifier,
      configuration: configuration === undefined ? undefined : JSON.stringify(configuration),
      language: change.language,
      target: change.target && JSON.stringify(change.target),
      target_name: targetName,
      provider: given.provider,
      ...(await this.seal(trx, spaceId, id, given)),
      ...(change.target === null && row.status === 'active'
        ? { status: 'setup' as const, status_reason: NO_TARGET }
        : {}),
    });
    const last = await this.follow(trx, row, changed);
    await this.announce(trx, last);
    return this.toChannel(last);
  }

  async activate(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    if (!row.target)
      throw unprocessable('The channel has no target. Assign an agent or a flow first.', 'no_target');
    if (row.deployment_type === 'WEB' || adapterFor(row.deployment_type))
      return this.setStatus(trx, row, 'active', null);
    if (phoneProviderFor(row)) return this.askProvider(trx, row, 'active', 'connect');
    if (row.deployment_type === 'CALLS' && row.provider === null)
      return this.setStatus(trx, row, 'setup', NO_PROVIDER);
    return this.setStatus(
      trx,
      row,
      'setup',
      `${row.deployment_type} channels wait for their provider: it is not connected in this installation yet.`,
    );
  }

  async deactivate(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    await this.connections.rest(trx, row);
    return this.setStatus(trx, row, 'inactive', 'Deactivated by hand.');
  }

  /** Says what a channel still needs; an active one stays as it is. */
  async verify(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    if (phoneProviderFor(row) && row.status !== 'inactive') {
      const connection = await this.connections.find(trx, row);
      return this.askProvider(trx, row, connection?.wanted ?? 'ready', 'probe');
    }
    if (row.status === 'active' || row.status === 'inactive') return this.toChannel(row);
    return this.setStatus(trx, row, 'setup', row.target ? READY : NO_TARGET);
  }

  async delete(trx: ChannelTrx, spaceId: string, id: string): Promise<void> {
    const row = await this.lock(trx, spaceId, id);
    await this.connections.leave(trx, row, true);
    await this.channels.delete(trx, row);
    await this.events.put(trx, channelBucket, { spaceId, key: id, version: row.version + 1, value: null });
    const data = { ...facts(row), status: 'deleted' as const };
    await this.events.append(trx, [{ definition: channelStatusChanged, spaceId, data }]);
  }

  /** Writes what a look at the provider has found, if it is news. */
  async settle(
    trx: ChannelTrx,
    row: ChannelRow,
    found: { status: ChannelStatus; reason: string | null; phoneConfigurationId?: string | undefined },
  ): Promise<void> {
    const { status, reason, phoneConfigurationId = row.configuration['phoneConfigurationId'] } = found;
    const isKnown = row.configuration['phoneConfigurationId'] === phoneConfigurationId;
    if (isKnown && row.status === status && row.status_reason === reason) return;
    const configuration = JSON.stringify({ ...row.configuration, phoneConfigurationId });
    const change = { status, status_reason: reason, ...(isKnown ? {} : { configuration }) };
    await this.announce(trx, await this.channels.update(trx, row, change));
  }

  async find(trx: ChannelTrx, spaceId: string, id: string): Promise<ChannelRow> {
    const row = await this.channels.find(trx, spaceId, id);
    if (!row) throw notFound('The channel');
    return row;
  }

  toChannel(row: ChannelRow): DeploymentChannel {
    const base = publicBase(this.config) ?? `http://127.0.0.1:${this.config.PORT}`;
    return {
      id: row.id,
      deploymentType: row.deployment_type,
      channelName: row.channel_name,
      recordingEnabled: row.recording_enabled,
      channelIdentifier: row.channel_identifier,
      configuration: row.configuration,
      provider: row.provider,
      target: row.target,
      language: row.language,
      status: row.status,
      statusReason: row.status_reason,
      webhookUrl:
        row.deployment_type === 'WEB'
          ? null
          : `${base}${webhookPath(row.provider ?? row.deployment_type.toLowerCase(), row.id)}`,
      createdAt: row.created_at.getTime(),
      updatedAt: row.updated_at.getTime(),
    } as DeploymentChannel;
  }

  /** Columns of what was given; what was not stays as it is. */
  private async seal(
    trx: ChannelTrx,
    spaceId: string,
    id: string,
    { webhookSecret, account }: Pick<Secrets, 'webhookSecret' | 'account'>,
  ): Promise<{ sealed_secret?: string; sealed_credentials?: string }> {
    const credentials = account && JSON.stringify(account);
    return {
      ...(webhookSecret
        ? { sealed_secret: await this.secrets.seal(trx, secretPlace(spaceId, id), webhookSecret) }
        : {}),
      ...(credentials
        ? { sealed_credentials: await this.secrets.seal(trx, credentialsPlace(spaceId, id), credentials) }
        : {}),
    };
  }

  private async lock(trx: ChannelTrx, spaceId: string, id: string): Promise<ChannelRow> {
    const row = await this.channels.lock(trx, spaceId, id);
    if (!row) throw notFound('The channel');
    return row;
  }

  /** Has a phone channel looked at by its provider; the outcome comes by itself. */
  private async askProvider(
    trx: ChannelTrx,
    row: ChannelRow,
    wanted: 'ready' | 'active',
    kind: 'connect' | 'probe',
  ): Promise<DeploymentChannel> {
    if (!row.sealed_credentials) return this.setStatus(trx, row, 'setup', NO_CREDENTIALS);
    await this.connections.want(trx, row, wanted, kind);
    return row.status === 'active' ? this.toChannel(row) : this.setStatus(trx, row, 'setup', CHECKING);
  }

  /** What stands at a provider follows a phone channel's changes; another number leaves the one before. */
  private async follow(trx: ChannelTrx, before: ChannelRow, row: ChannelRow): Promise<ChannelRow> {
    const connection = phoneProviderFor(row) && (await this.connections.find(trx, row));
    if (!connection || !isOtherAtProvider(before, row)) return row;
    const hasMoved = before.channel_identifier !== row.channel_identifier;
    if (hasMoved) await this.connections.leave(trx, before, false);
    const given = row.configuration['phoneConfigurationId'];
    const configuration = JSON.stringify({
      ...row.configuration,
      phoneConfigurationId: given === before.configuration['phoneConfigurationId'] ? null : given,
    });
    const moved = hasMoved ? { configuration } : {};
    if (row.status === 'inactive') return hasMoved ? this.channels.update(trx, row, moved) : row;
    await this.connections.want(trx, row, row.target ? connection.wanted : 'ready');
    if (row.status === 'active' && !hasMoved) return row;
    return this.channels.update(trx, row, { ...moved, status: 'setup', status_reason: CHECKING });
  }

  private async setStatus(
    trx: ChannelTrx,
    row: ChannelRow,
    status: ChannelStatus,
    reason: string | null,
  ): Promise<DeploymentChannel> {
    const changed = await this.channels.update(trx, row, { status, status_reason: reason });
    await this.announce(trx, changed);
    return this.toChannel(changed);
  }

  /**
   * The name of a target. An agent made a moment ago may not be known here yet: its fact is on the way.
   * @throws ProblemError 422
   */
  async requireTarget(
    trx: ChannelTrx,
    spaceId: string,
    target: ChannelTarget | null,
  ): Promise<string | null> {
    if (!target) return null;
    const [field, id] = 'agentId' in target ? ['agentId', target.agentId] : ['flowId', target.flowId];
    for (let tries = 0; tries < 15; tries += 1) {
      const known = await this.channels.findTarget(trx, spaceId, id);
      if (known?.usable) return known.name;
      await sleep(100);
    }
    const what = field === 'agentId' ? 'agent' : 'published flow';
    throw unprocessable('The target does not exist.', 'unknown_target', [
      { pointer: `/target/${field}`, detail: `names no ${what} of this space` },
    ]);
  }

  /** An agent runs another flow: its channels are found by that one from now on. */
  async followAgent(trx: ChannelTrx, spaceId: string, agentId: string): Promise<void> {
    for (const row of await this.channels.touchOfAgent(trx, spaceId, agentId)) await this.publish(trx, row);
  }

  /** The flow that answers a channel; null where it has no target, or an agent without a flow. */
  async flowOf(trx: ChannelTrx, { space_id: spaceId, target }: ChannelRow): Promise<string | null> {
    if (!target) return null;
    if ('flowId' in target) return target.flowId;
    return (await this.channels.holdTarget(trx, spaceId, target.agentId))?.default_flow_id ?? null;
  }

  /** The fact for others, and the entry of the bucket that every gateway watches. */
  private async announce(trx: ChannelTrx, row: ChannelRow): Promise<void> {
    await this.publish(trx, row);
    await this.events.append(trx, [
      { definition: channelStatusChanged, spaceId: row.space_id, data: facts(row) },
    ]);
  }

  private async publish(trx: ChannelTrx, row: ChannelRow): Promise<void> {
    const { space_id: spaceId, id, version } = row;
    const value: KnownChannel = {
      id,
      spaceId,
      deploymentType: row.deployment_type,
      provider: row.provider,
      status: row.status,
      channelIdentifier: row.channel_identifier,
      configuration: row.configuration,
      target: row.target,
      targetName: row.target_name,
      flowId: await this.flowOf(trx, row),
      language: row.language,
      sealedSecret: row.sealed_secret,
      sealedCredentials: row.sealed_credentials,
      wrappedKey:
        row.sealed_secret || row.sealed_credentials ? await this.secrets.spaceKey(trx, spaceId) : null,
    };
    await this.events.put(trx, channelBucket, { spaceId, key: id, version, value });
  }
}

function facts(row: ChannelRow): { status: ChannelStatus | 'deleted' } & Record<string, unknown> {
  return {
    channelId: row.id,
    deploymentType: row.deployment_type,
    status: row.status,
    statusReason: row.status_reason,
    target: row.target,
    channelName: row.channel_name,
    channelIdentifier: row.channel_identifier,
    afterCall: row.configuration['afterCall'] ?? null,
    recordingEnabled: row.recording_enabled,
  };
}

/** Whether a change is one that a provider has to be asked about. */
function isOtherAtProvider(before: ChannelRow, row: ChannelRow): boolean {
  return (
    before.channel_identifier !== row.channel_identifier ||
    before.sealed_credentials !== row.sealed_credentials ||
    before.configuration['apiBaseUrl'] !== row.configuration['apiBaseUrl'] ||
    (before.target === null) !== (row.target === null)
  );
}

function check<Value>(
  field: string,
  result: { success: true; data: Value } | { success: false; error: Parameters<typeof problemDetails>[0] },
): Value {
  if (result.success) return result.data;
  const errors = problemDetails(result.error).map(({ pointer, detail }) => ({
    pointer: `/${field}${pointer}`,
    detail,
  }));
  throw badRequest(`The ${field} does not fit the channel's type.`, errors);
}
