import { Injectable } from '@nestjs/common';
import {
  type ChannelCredentials,
  channelKind,
  channelStatusChanged,
  type DeploymentChannel,
  type DeploymentChannelRequest,
  mergePatch,
  newId,
  notFound,
  unprocessable,
} from '@parley/contracts';
import { channelBucket, EventLog } from '@parley/messaging';
import { InjectConfig, SecretBox } from '@parley/service';
import { adapterFor, phoneProviderFor } from '../adapters/index.ts';
import type { GatewayConfig } from '../config.ts';
import { ConnectionsService } from '../connections/connections.service.ts';
import { CHECKING, DEACTIVATED, NO_TARGET, TARGET_GONE } from '../connections/reasons.ts';
import type { ChannelRow, ChannelStatus, ConnectionRow, ChannelTarget, ChannelTrx } from '../database.ts';
import { publicBase } from './addresses.ts';
import { type Change, check, type Created, isOtherAtProvider, type TargetReference } from './changes.ts';
import { credentialsPlace, type KnownChannel, secretPlace } from './channel-directory.service.ts';
import { ChannelsRepository } from './channels.repository.ts';
import { requireCredentialsForHost } from './credential-host.ts';
import { drawSecret, type Secrets, secretsOf } from './credentials.ts';
import { requirePossible, requireSamePackage } from './identifiers.ts';
import { toChannel, toStatusData } from './shapes.ts';
import {
  activationOf,
  lackOf,
  setupReasonOf,
  type StatusFacts,
  statusWithoutCheck,
  type TargetState,
} from './status.ts';
import { targetId } from './target-finder.service.ts';

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
    given: { credentials?: ChannelCredentials | undefined } & TargetReference = {},
  ): Promise<Created> {
    const id = newId('chan');
    const { deploymentType, channelIdentifier, target = null } = request;
    requirePossible(deploymentType, channelIdentifier);
    requireSamePackage(deploymentType, channelIdentifier, request.configuration);
    const secrets = secretsOf(deploymentType, request.provider ?? null, given.credentials);
    const secret = adapterFor(deploymentType) ? (secrets.webhookSecret ?? drawSecret()) : null;
    const targetName = await this.requireTarget(trx, spaceId, target, given);
    const facts = {
      ...{ deploymentType, provider: secrets.provider, hasCredentials: secrets.account !== null },
      ...{ target: target ? ('there' as const) : ('none' as const), isPublic: this.isPublic },
    };
    const row = await this.channels.insert(trx, {
      space_id: spaceId,
      id,
      deployment_type: deploymentType,
      channel_name: request.channelName ?? null,
      recording_enabled: request.recordingEnabled,
      channel_identifier: channelIdentifier,
      configuration: JSON.stringify(request.configuration),
      provider: secrets.provider,
      target: target ? JSON.stringify(target) : null,
      target_name: targetName,
      language: request.language ?? null,
      status: 'setup',
      status_reason: setupReasonOf(facts),
      ...(await this.seal(trx, spaceId, id, { webhookSecret: secret, account: secrets.account })),
    });
    await this.announce(trx, row);
    return { channel: this.toChannel(row), credentials: secret ? { webhookSecret: secret } : null };
  }

  async update(
    trx: ChannelTrx,
    spaceId: string,
    id: string,
    { credentials, found, ...change }: Change & TargetReference,
  ): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    const before = await this.factsOf(trx, row);
    const given = secretsOf(row.deployment_type, row.provider, credentials);
    const kind = channelKind(row.deployment_type);
    const channelIdentifier =
      change.channelIdentifier === undefined
        ? row.channel_identifier
        : check('channelIdentifier', kind.channelIdentifier.safeParse(change.channelIdentifier));
    if (change.channelIdentifier !== undefined) requirePossible(row.deployment_type, channelIdentifier);
    const configuration =
      change.configuration &&
      check(
        'configuration',
        kind.configuration.safeParse(mergePatch(row.configuration, change.configuration)),
      );
    requireCredentialsForHost(
      row,
      configuration as Record<string, unknown> | undefined,
      given.account !== null,
    );
    requireSamePackage(row.deployment_type, channelIdentifier, configuration ?? row.configuration);
    const targetName =
      change.target === undefined
        ? undefined
        : await this.requireTarget(trx, spaceId, change.target, { found });
    const changed = await this.channels.update(trx, row, {
      // Columns that are undefined stay as they are.
      channel_name: change.channelName,
      recording_enabled: change.recordingEnabled,
      channel_identifier: channelIdentifier,
      configuration: configuration === undefined ? undefined : JSON.stringify(configuration),
      language: change.language,
      target: change.target && JSON.stringify(change.target),
      target_name: targetName,
      provider: given.provider,
      ...(await this.seal(trx, spaceId, id, given)),
    });
    const last = await this.follow(trx, { row, facts: before }, changed);
    await this.announce(trx, last);
    return this.toChannel(last);
  }

  /** @throws ProblemError 422 without a target, or with one that was deleted */
  async activate(
    trx: ChannelTrx,
    spaceId: string,
    id: string,
    { found }: TargetReference = {},
  ): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    if (!row.target)
      throw unprocessable('The channel has no target. Assign an agent or a flow first.', 'no_target');
    await this.requireTarget(trx, spaceId, row.target, { found });
    const facts = await this.factsOf(trx, row);
    const lack = lackOf(facts);
    const activation = activationOf(facts);
    if (activation === 'immediate') return this.setStatus(trx, row, 'active', null);
    // A missing public address is for the check to say: it also tells whether all else is right.
    if (activation === 'provider' && facts.hasCredentials && facts.provider !== null)
      return this.askProvider(trx, row, 'active', 'connect');
    return this.setStatus(trx, row, 'setup', lack);
  }

  async deactivate(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    await this.connections.rest(trx, row);
    return this.setStatus(trx, row, 'inactive', DEACTIVATED);
  }

  /** Says what a channel still needs; an active one stays as it is. */
  async verify(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    if (phoneProviderFor(row) && row.sealed_credentials && row.status !== 'inactive') {
      const connection = await this.connections.find(trx, row);
      return this.askProvider(trx, row, connection?.wanted ?? 'ready', 'probe');
    }
    const known = statusWithoutCheck(row, await this.factsOf(trx, row));
    return this.setStatus(trx, row, known.status, known.reason);
  }

  /** An agent or a flow was deleted: channels that it answered say so, and take nothing more. */
  async loseTarget(trx: ChannelTrx, spaceId: string, target: ChannelTarget): Promise<void> {
    for (const row of await this.channels.lockOfTarget(trx, spaceId, target)) {
      if (row.status === 'inactive') continue;
      if (row.status === 'active') await this.setStatus(trx, row, 'error', TARGET_GONE);
      else if (row.status === 'setup')
        await this.setStatus(trx, row, 'setup', setupReasonOf(await this.factsOf(trx, row)));
    }
  }

  async delete(trx: ChannelTrx, spaceId: string, id: string): Promise<void> {
    const row = await this.lock(trx, spaceId, id);
    await this.connections.leave(trx, row, true);
    await this.channels.delete(trx, row);
    await this.events.put(trx, channelBucket, { spaceId, key: id, version: row.version + 1, value: null });
    const data = { ...toStatusData(row), status: 'deleted' as const };
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
    return toChannel(row, this.config);
  }

  private get isPublic(): boolean {
    return publicBase(this.config) !== null;
  }

  /** What the status of a channel follows from. */
  async factsOf(trx: ChannelTrx, row: ChannelRow): Promise<StatusFacts> {
    return {
      deploymentType: row.deployment_type,
      provider: row.provider,
      hasCredentials: row.sealed_credentials !== null,
      target: await this.targetStateOf(trx, row),
      isPublic: this.isPublic,
    };
  }

  private async targetStateOf(trx: ChannelTrx, { space_id, target }: ChannelRow): Promise<TargetState> {
    if (!target) return 'none';
    const known = await this.channels.findTarget(trx, space_id, targetId(target));
    return known?.usable === false ? 'gone' : 'there';
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
    await this.connections.want(trx, row, wanted, kind);
    return row.status === 'active' ? this.toChannel(row) : this.setStatus(trx, row, 'setup', CHECKING);
  }

  /** Status and provider follow a channel's changes; another number leaves the one before. */
  private async follow(
    trx: ChannelTrx,
    before: { row: ChannelRow; facts: StatusFacts },
    row: ChannelRow,
  ): Promise<ChannelRow> {
    const facts = await this.factsOf(trx, row);
    const connection = phoneProviderFor(row) && (await this.connections.find(trx, row));
    if (!connection) {
      const { status, reason } = statusWithoutCheck(row, facts);
      if (status === row.status && reason === row.status_reason) return row;
      return this.channels.update(trx, row, { status, status_reason: reason });
    }
    if (before.facts.target === facts.target && !isOtherAtProvider(before.row, row)) return row;
    return this.followConnection(trx, before.row, { row, connection, target: facts.target });
  }

  private async followConnection(
    trx: ChannelTrx,
    before: ChannelRow,
    { row, connection, target }: { row: ChannelRow; connection: ConnectionRow; target: TargetState },
  ): Promise<ChannelRow> {
    const moved = await this.leaveNumber(trx, before, row);
    if (row.status === 'inactive') return moved ? this.channels.update(trx, row, moved) : row;
    await this.connections.want(trx, row, row.target ? connection.wanted : 'ready');
    if (target === 'none')
      return this.channels.update(trx, row, { ...moved, status: 'setup', status_reason: NO_TARGET });
    if (row.status === 'active' && !moved) return row;
    return this.channels.update(trx, row, { ...moved, status: 'setup', status_reason: CHECKING });
  }

  /** What changes of a channel that goes to another number; null for one that stays at its number. */
  private async leaveNumber(
    trx: ChannelTrx,
    before: ChannelRow,
    row: ChannelRow,
  ): Promise<{ configuration: string } | null> {
    if (before.channel_identifier === row.channel_identifier) return null;
    await this.connections.leave(trx, before, false);
    const given = row.configuration['phoneConfigurationId'];
    const isStale = given === before.configuration['phoneConfigurationId'];
    return {
      configuration: JSON.stringify({ ...row.configuration, phoneConfigurationId: isStale ? null : given }),
    };
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
   * The name of a target.
   * @param reference `found`: what its owner has shown where no event has told of it
   * @throws ProblemError 422
   */
  async requireTarget(
    trx: ChannelTrx,
    spaceId: string,
    target: ChannelTarget | null,
    { found = null, pointer = '' }: TargetReference = {},
  ): Promise<string | null> {
    if (!target) return null;
    const id = targetId(target);
    if (found?.id === id) await this.channels.learnTarget(trx, found);
    // Held until the channel is stored: a target that is deleted meanwhile finds the channel, or is found here as gone.
    const known = await this.channels.holdTarget(trx, spaceId, id);
    if (known?.usable) return known.name;
    const [field, what] = 'agentId' in target ? ['agentId', 'agent'] : ['flowId', 'published flow'];
    throw unprocessable('The target does not exist.', 'unknown_target', [
      { pointer: `${pointer}/target/${field}`, detail: `names no ${what} of this space` },
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
      { definition: channelStatusChanged, spaceId: row.space_id, data: toStatusData(row) },
    ]);
  }

  /** Wraps the key of a space by the current master key, here and in what is kept of its channels elsewhere. */
  async renewKey(trx: ChannelTrx, spaceId: string): Promise<void> {
    await this.secrets.rewrap(trx, spaceId);
    for (const row of await this.channels.touchSealed(trx, spaceId)) await this.publish(trx, row);
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
