import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import {
  type admitFlowSession,
  type OperationInput,
  type OperationOutput,
  unprocessable,
} from '@parley/contracts';
import { Database } from '@parley/database';
import { InjectConfig } from '@parley/service';
import { ChannelDirectory, type KnownChannel } from '../channels/channel-directory.service.ts';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import type { GatewayConfig } from '../config.ts';
import type { ChannelTrx, Tables } from '../database.ts';
import { originAllowed, ownOrigins } from '../widget/origins.ts';
import { SessionTokensRepository } from './session-tokens.repository.ts';

type Asked = OperationInput<typeof admitFlowSession>;
type Admission = OperationOutput<typeof admitFlowSession>;
type Admitted = NonNullable<Admission['channel']>;

const TOKEN_MS = 5 * 60_000;

/** Who may open a live session with a flow, and where. */
@Injectable()
export class FlowSessionsService {
  constructor(
    private readonly service: ChannelsService,
    private readonly channels: ChannelsRepository,
    private readonly tokens: SessionTokensRepository,
    private readonly directory: ChannelDirectory,
    private readonly database: Database<Tables>,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /** The lasting address of a web channel's flow. */
  async urlOf(trx: ChannelTrx, spaceId: string, channelId: string): Promise<string> {
    const row = await this.service.find(trx, spaceId, channelId);
    if (row.deployment_type !== 'WEB')
      throw unprocessable('Only WEB channels have a session URL.', 'not_a_web_channel');
    const flowId = await this.service.flowOf(trx, row);
    if (!flowId)
      throw unprocessable(
        'The channel has no flow to talk to. Assign an agent or a flow as target first.',
        'no_flow',
      );
    const base = this.config.PUBLIC_URL ?? `http://127.0.0.1:${this.config.PORT}`;
    return `${base.replace(/^http/, 'ws').replace(/\/$/, '')}/ws/flow/${flowId}`;
  }

  /** An address that lets one session in from anywhere. */
  async createUrl(
    trx: ChannelTrx,
    spaceId: string,
    channelId: string,
  ): Promise<{ url: string; expiresAt: string }> {
    const url = await this.urlOf(trx, spaceId, channelId);
    const token = `${spaceId}.${randomBytes(32).toString('base64url')}`;
    const expiresAt = new Date(Date.now() + TOKEN_MS);
    await this.tokens.deleteExpired(trx, spaceId);
    await this.tokens.insert(trx, {
      space_id: spaceId,
      id: hashOf(token),
      channel_id: channelId,
      expires_at: expiresAt,
    });
    return { url: `${url}?session=${token}`, expiresAt: expiresAt.toISOString() };
  }

  /** @param demoChannelId the channel that scripts without an origin may use */
  async admit(trx: ChannelTrx, asked: Asked, demoChannelId: string | null): Promise<Admission> {
    const { flowId, token } = asked;
    return token === null ? this.byOrigin(asked, demoChannelId) : this.byToken(trx, flowId, token);
  }

  private byOrigin({ flowId, origin }: Asked, demo: string | null): Admission {
    const found = this.directory.webChannelsOf(flowId);
    if (found.length === 0) return refused('unknown_flow');
    const own = ownOrigins(this.config);
    const channel = found.find((one) => one.id === demo || originAllowed(one, origin ?? undefined, own));
    return channel ? admitted(toAdmitted(channel)) : refused('origin');
  }

  private async byToken(trx: ChannelTrx, flowId: string, token: string): Promise<Admission> {
    const [spaceId = ''] = token.split('.');
    if (!/^[0-9A-Za-z_]{1,64}$/.test(spaceId)) return refused('bad_token');
    await this.database.setSpaces(trx, [spaceId]);
    const redeemed = await this.tokens.redeem(trx, spaceId, hashOf(token));
    if (!redeemed) return refused('bad_token');
    const row = await this.channels.find(trx, spaceId, redeemed.channel_id);
    if (row?.status !== 'active' || (await this.service.flowOf(trx, row)) !== flowId)
      return refused('unknown_flow');
    const { id: channelId, deployment_type: deploymentType, target, target_name: targetName, language } = row;
    return admitted({ spaceId, channelId, deploymentType, target, targetName, language });
  }

  /** The channel of `/demo`, which scripts without a page may use, too; null for others. Reads a file: not in a transaction. */
  async demoChannelFor({ origin, token }: Asked): Promise<string | null> {
    if (origin !== null || token !== null || !this.config.DEMO_FILE) return null;
    const text = await readFile(this.config.DEMO_FILE, 'utf8').catch(() => '{}');
    return (JSON.parse(text) as { webChannelId?: string }).webChannelId ?? null;
  }
}

function toAdmitted(channel: KnownChannel): Admitted {
  const { id: channelId, spaceId, deploymentType, target, targetName, language } = channel;
  return { spaceId, channelId, deploymentType, target, targetName, language };
}

function admitted(channel: Admitted): Admission {
  return { admitted: true, refusal: null, channel };
}

function refused(refusal: NonNullable<Admission['refusal']>): Admission {
  return { admitted: false, refusal, channel: null };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
