import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  agentChanged,
  type DeploymentChannelRequest,
  DeploymentChannelRequestSchema,
  type EventData,
  type EventEnvelope,
  newId,
} from '@parley/contracts';
import { createDatabase, type Database, migrate } from '@parley/database';
import { mechanismMigrations } from '@parley/messaging';
import { SecretBox, MasterKeys, spaceKeyMigrations, SpaceKeyRepository } from '@parley/service';
import { createTestDatabase, type TestDatabase } from '@parley/testing';
import { ChannelDirectory, type KnownChannel } from '../channels/channel-directory.service.ts';
import { ChannelsRepository } from '../channels/channels.repository.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import { TargetsConsumer } from '../channels/targets.consumer.ts';
import type { GatewayConfig } from '../config.ts';
import type { Tables } from '../database.ts';
import { migrations } from '../migrations/index.ts';
import { FlowSessionsService } from './flow-sessions.service.ts';
import { SessionTokensRepository } from './session-tokens.repository.ts';

const spaceId = 'space_one';
const site = 'https://shop.example';

describe('Live sessions of a flow', () => {
  let server: TestDatabase;
  /** Where `demo.json` lies. */
  let folder: string;
  let database: Database<Tables>;
  let service: ChannelsService;
  let sessions: FlowSessionsService;
  let targets: TargetsConsumer;
  /** What lies in the bucket that every gateway watches. */
  const bucket = new Map<string, KnownChannel>();

  beforeAll(async () => {
    server = await createTestDatabase();
    const serviceUrl = server.urlFor('parley_channel');
    const runnerUrl = server.urlFor('parley_channel_runner');
    const all = [mechanismMigrations, spaceKeyMigrations, migrations];
    await migrate({ ownerUrl: server.ownerUrl, serviceUrl, runnerUrl, domain: 'channel', migrations: all });
    database = createDatabase<Tables>({ url: serviceUrl, applicationName: 'channel-spec', poolSize: 8 });
    folder = await mkdtemp(join(tmpdir(), 'parley-demo-'));
    const DEMO_FILE = join(folder, 'demo.json');
    const config = { PORT: 8080, PUBLIC_URL: 'https://parley.example/', DEMO_FILE } as GatewayConfig;
    const events = {
      append: () => Promise.resolve(),
      put: (_trx: unknown, _bucket: string, { key, value }: { key: string; value: KnownChannel }) => {
        bucket.set(key, value);
        return Promise.resolve();
      },
    };
    const connections = { rest: () => Promise.resolve() };
    const repository = new ChannelsRepository();
    const secrets = new SecretBox(new MasterKeys([Buffer.alloc(32, 7)]), new SpaceKeyRepository());
    service = new ChannelsService(repository, events as never, secrets, connections as never, config);
    const directory = Object.assign(Object.create(ChannelDirectory.prototype) as ChannelDirectory, {
      mirror: { all: () => [...bucket] },
    });
    const tokens = new SessionTokensRepository();
    sessions = new FlowSessionsService(service, repository, tokens, directory, database, config);
    targets = new TargetsConsumer(repository, service);
  });

  afterAll(async () => {
    await database.close();
    await server.drop();
    await rm(folder, { recursive: true });
  });

  const inSpace = <Result>(work: Parameters<typeof database.withSpaces<Result>>[1]): Promise<Result> =>
    database.withSpaces([spaceId], work);

  async function agentRuns(agentId: string, defaultFlowId: string | null | undefined): Promise<void> {
    const data: EventData<typeof agentChanged> = {
      agentId,
      accountId: 'acc_agent',
      name: 'Pia',
      deleted: false,
      defaultFlowId,
    };
    const event = { spaceId, data } as EventEnvelope<typeof agentChanged>;
    await inSpace((trx) => targets.onAgent([event], { trx } as never));
  }

  async function open(
    agentId: string,
    change: Partial<DeploymentChannelRequest> = {},
    isActive = true,
  ): Promise<string> {
    const request = DeploymentChannelRequestSchema.parse({
      deploymentType: 'WEB',
      channelIdentifier: site,
      configuration: {},
      target: { agentId },
      ...change,
    });
    const { channel } = await inSpace((trx) => service.create(trx, spaceId, request, undefined));
    if (isActive) await inSpace((trx) => service.activate(trx, spaceId, channel.id));
    return channel.id;
  }

  /** An agent that runs a flow of its own. */
  async function agentWithFlow(): Promise<{ agentId: string; flowId: string }> {
    const of = { agentId: newId('agent'), flowId: newId('flow') };
    await agentRuns(of.agentId, of.flowId);
    return of;
  }

  const ask = async (
    flowId: string,
    { origin = null, token = null }: Partial<Record<'origin' | 'token', string | null>>,
  ) => {
    const asked = { flowId, origin, token };
    const demoChannelId = await sessions.demoChannelFor(asked);
    return database.withSpaces([], (trx) => sessions.admit(trx, asked, demoChannelId));
  };
  const urlOf = (channelId: string) => inSpace((trx) => sessions.urlOf(trx, spaceId, channelId));
  const tokenOf = async (channelId: string): Promise<string> => {
    const { url, expiresAt } = await inSpace((trx) => sessions.createUrl(trx, spaceId, channelId));
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(5 * 60_000);
    return new URL(url).searchParams.get('session') ?? '';
  };

  it('have a lasting address below the public one', async () => {
    const { agentId, flowId } = await agentWithFlow();
    const channelId = await open(agentId);
    expect(await urlOf(channelId)).toBe(`wss://parley.example/ws/flow/${flowId}`);
  });

  it('have none in a channel of another type, or without a flow', async () => {
    const { agentId } = await agentWithFlow();
    const custom = await open(agentId, { deploymentType: 'CUSTOM', channelIdentifier: 'x' } as never);
    await expect(urlOf(custom)).rejects.toMatchObject({ status: 422, code: 'not_a_web_channel' });
    const idle = newId('agent');
    await agentRuns(idle, null);
    await expect(urlOf(await open(idle))).rejects.toMatchObject({ status: 422, code: 'no_flow' });
    await expect(urlOf('chan_missing')).rejects.toMatchObject({ status: 404 });
  });

  it.each<[string | null, string | null]>([
    [null, 'origin'],
    ['null', 'origin'],
    ['http://shop.example', 'origin'],
    ['https://shop.example:8443', 'origin'],
    ['https://shop.example.evil.example', 'origin'],
    ['https://shop.example/', 'origin'],
    [site, null],
    ['https://parley.example', null],
    ['http://127.0.0.1:8080', 'origin'],
  ])('by the origin %s: refusal %s', async (origin, refusal) => {
    const { agentId, flowId } = await agentWithFlow();
    const channelId = await open(agentId);
    const answer = await ask(flowId, { origin });
    expect(answer.refusal).toBe(refusal);
    expect(answer.channel?.channelId).toBe(refusal ? undefined : channelId);
  });

  it('belong to the oldest active channel that allows the origin', async () => {
    const { agentId, flowId } = await agentWithFlow();
    await open(agentId, {}, false);
    await open(agentId, { configuration: { allowedOrigins: ['https://other.example'] } } as never);
    await sleep(2);
    const oldest = await open(agentId);
    await sleep(2);
    await open(agentId);
    expect((await ask(flowId, { origin: site })).channel?.channelId).toBe(oldest);
    expect(await ask('flow_missing', { origin: site })).toMatchObject({
      admitted: false,
      refusal: 'unknown_flow',
    });
  });

  it('are let in without an origin by the channel of the demo alone', async () => {
    const { agentId, flowId } = await agentWithFlow();
    await open(agentId);
    const demo = await open(agentId);
    await writeFile(join(folder, 'demo.json'), JSON.stringify({ webChannelId: demo }));
    expect((await ask(flowId, {})).channel?.channelId).toBe(demo);
    expect((await ask(flowId, { origin: 'null' })).refusal).toBe('origin');
    expect((await ask(flowId, { token: 'wrong' })).refusal).toBe('bad_token');
    await rm(join(folder, 'demo.json'));
    expect((await ask(flowId, {})).refusal).toBe('origin');
  });

  it('follow the flow that the agent runs', async () => {
    const { agentId, flowId } = await agentWithFlow();
    await open(agentId);
    const next = newId('flow');
    await agentRuns(agentId, next);
    expect((await ask(flowId, { origin: site })).refusal).toBe('unknown_flow');
    expect((await ask(next, { origin: site })).admitted).toBe(true);
    // An event that does not say which flow changes nothing.
    await agentRuns(agentId, undefined);
    expect((await ask(next, { origin: site })).admitted).toBe(true);
  });

  it('are let in once by a token, from anywhere', async () => {
    const { agentId, flowId } = await agentWithFlow();
    const channelId = await open(agentId);
    const token = await tokenOf(channelId);
    const rows = await inSpace((trx) =>
      trx.selectFrom('session_token').selectAll().where('channel_id', '=', channelId).execute(),
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(token.split('.')[1]);
    const both = await Promise.all([ask(flowId, { token }), ask(flowId, { token })]);
    expect(both.map(({ admitted }) => admitted).toSorted()).toEqual([false, true]);
    expect(both.find(({ admitted }) => admitted)?.channel).toMatchObject({ spaceId, channelId });
    expect((await ask(flowId, { token })).refusal).toBe('bad_token');
  });

  it.each(['', 'x', `${spaceId}.`, `${spaceId}.wrong`, "a'b.c", 'space_two,space_one.x'])(
    'are not let in by the token "%s"',
    async (token) => {
      const { agentId, flowId } = await agentWithFlow();
      await open(agentId);
      expect((await ask(flowId, { token, origin: site })).refusal).toBe('bad_token');
    },
  );

  it('are not let in by a token that is too old, of another flow, or of a channel that is off', async () => {
    const { agentId, flowId } = await agentWithFlow();
    const other = await agentWithFlow();
    const channelId = await open(agentId);
    const [late, elsewhere, off] = [
      await tokenOf(channelId),
      await tokenOf(channelId),
      await tokenOf(channelId),
    ];
    expect((await ask(other.flowId, { token: elsewhere })).refusal).toBe('unknown_flow');
    await inSpace((trx) => service.deactivate(trx, spaceId, channelId));
    expect((await ask(flowId, { token: off })).refusal).toBe('unknown_flow');
    await inSpace((trx) => service.activate(trx, spaceId, channelId));
    await inSpace((trx) => trx.updateTable('session_token').set({ expires_at: new Date() }).execute());
    expect((await ask(flowId, { token: late })).refusal).toBe('bad_token');
  });
});
