import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  badRequest,
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
import { adapterFor } from '../adapters/index.ts';
import type { GatewayConfig } from '../config.ts';
import type { ChannelRow, ChannelStatus, ChannelTarget, ChannelTrx } from '../database.ts';
import { type KnownChannel, secretPlace } from './channel-directory.service.ts';
import { ChannelsRepository } from './channels.repository.ts';

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
}

@Injectable()
export class ChannelsService {
  constructor(
    private readonly channels: ChannelsRepository,
    private readonly events: EventLog,
    private readonly secrets: SecretBox,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  async create(
    trx: ChannelTrx,
    spaceId: string,
    request: DeploymentChannelRequest,
    webhookSecret: string | undefined,
  ): Promise<Created> {
    const id = newId('chan');
    const secret = adapterFor(request.deploymentType)
      ? (webhookSecret ?? `whsec_${randomBytes(32).toString('base64')}`)
      : null;
    const targetName = await this.requireTarget(trx, spaceId, request.target ?? null);
    const row = await this.channels.insert(trx, {
      space_id: spaceId,
      id,
      deployment_type: request.deploymentType,
      channel_name: request.channelName ?? null,
      recording_enabled: request.recordingEnabled,
      channel_identifier: request.channelIdentifier,
      configuration: JSON.stringify(request.configuration),
      provider: request.provider ?? null,
      target: request.target ? JSON.stringify(request.target) : null,
      target_name: targetName,
      language: request.language ?? null,
      status: 'setup',
      status_reason: request.target
        ? 'Not activated yet.'
        : 'Assign an agent or a flow as target, then activate.',
      sealed_secret: secret && (await this.secrets.seal(trx, secretPlace(spaceId, id), secret)),
    });
    await this.announce(trx, row);
    return { channel: this.toChannel(row), credentials: secret ? { webhookSecret: secret } : null };
  }

  async update(
    trx: ChannelTrx,
    spaceId: string,
    id: string,
    change: Change,
    webhookSecret: string | undefined,
  ): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    const kind = channelKind(row.deployment_type);
    if (change.channelIdentifier !== undefined)
      check('channelIdentifier', kind.channelIdentifier.safeParse(change.channelIdentifier));
    const configuration =
      change.configuration &&
      check('configuration', kind.configuration.safeParse({ ...row.configuration, ...change.configuration }));
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
      ...(webhookSecret
        ? { sealed_secret: await this.secrets.seal(trx, secretPlace(spaceId, id), webhookSecret) }
        : {}),
      ...(change.target === null && row.status === 'active'
        ? { status: 'setup' as const, status_reason: 'Assign an agent or a flow as target, then activate.' }
        : {}),
    });
    await this.announce(trx, changed);
    return this.toChannel(changed);
  }

  async activate(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    if (!row.target)
      throw unprocessable('The channel has no target. Assign an agent or a flow first.', 'no_target');
    if (row.deployment_type === 'WEB' || adapterFor(row.deployment_type))
      return this.setStatus(trx, row, 'active', null);
    return this.setStatus(
      trx,
      row,
      'setup',
      `${row.deployment_type} channels wait for their provider: it is not connected in this installation yet.`,
    );
  }

  async deactivate(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    return this.setStatus(trx, await this.lock(trx, spaceId, id), 'inactive', 'Deactivated by hand.');
  }

  /** Says what a channel still needs; an active one stays as it is. */
  async verify(trx: ChannelTrx, spaceId: string, id: string): Promise<DeploymentChannel> {
    const row = await this.lock(trx, spaceId, id);
    if (row.status === 'active' || row.status === 'inactive') return this.toChannel(row);
    return this.setStatus(
      trx,
      row,
      'setup',
      row.target ? 'Ready to be activated.' : 'Assign an agent or a flow as target, then activate.',
    );
  }

  async delete(trx: ChannelTrx, spaceId: string, id: string): Promise<void> {
    const row = await this.lock(trx, spaceId, id);
    await this.channels.delete(trx, row);
    await this.events.put(trx, channelBucket, { spaceId, key: id, version: row.version + 1, value: null });
    const data = { ...facts(row), status: 'deleted' as const };
    await this.events.append(trx, [{ definition: channelStatusChanged, spaceId, data }]);
  }

  async find(trx: ChannelTrx, spaceId: string, id: string): Promise<ChannelRow> {
    const row = await this.channels.find(trx, spaceId, id);
    if (!row) throw notFound('The channel');
    return row;
  }

  toChannel(row: ChannelRow): DeploymentChannel {
    const base = this.config.PUBLIC_URL ?? `http://127.0.0.1:${this.config.PORT}`;
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
          : `${base}/api/v1/webhooks/${row.provider ?? row.deployment_type.toLowerCase()}/${row.id}`,
      createdAt: row.created_at.getTime(),
      updatedAt: row.updated_at.getTime(),
    } as DeploymentChannel;
  }

  private async lock(trx: ChannelTrx, spaceId: string, id: string): Promise<ChannelRow> {
    const row = await this.channels.lock(trx, spaceId, id);
    if (!row) throw notFound('The channel');
    return row;
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

  /** An agent made a moment ago may not be known here yet: its fact is on the way. */
  private async requireTarget(
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
      status: row.status,
      channelIdentifier: row.channel_identifier,
      configuration: row.configuration,
      target: row.target,
      targetName: row.target_name,
      flowId: await this.flowOf(trx, row),
      language: row.language,
      sealedSecret: row.sealed_secret,
      wrappedKey: row.sealed_secret ? await this.secrets.spaceKey(trx, spaceId) : null,
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
  };
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
