import {
  activateChannel,
  createChannel,
  DeploymentChannelSchema,
  listChannels,
  newId,
  setUpChannel,
  updateChannel,
} from '@parley/contracts';
import { type GatewayBench, openBench } from '../../test/bench.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
  bench.claims.set('+12125551234', {
    ...{ spaceId: bench.spaceId, channelId: 'chan_other', use: 'calls', provider: 'twilio' },
    ...{ number: '+12125551234', providerNumberId: 'PN1', phoneConfigurationId: 'phone_known' },
    capabilities: { voice: true, sms: true, mms: false, fax: false },
  });
}, 120_000);
afterAll(async () => {
  await bench.close();
});

/** The two examples that every channel of these types has to look like. */
const callExample = {
  id: 'chan_abc123',
  deploymentType: 'CALLS',
  channelName: 'Customer Support Line',
  recordingEnabled: true,
  channelIdentifier: '+12125551234',
  configuration: { phoneConfigurationId: 'phone_xyz789' },
  createdAt: 1_709_856_000_000,
  updatedAt: 1_709_856_000_000,
};
const webExample = {
  id: 'chan_def456',
  deploymentType: 'WEB',
  channelName: 'Website Chat',
  recordingEnabled: true,
  channelIdentifier: 'https://example.com',
  configuration: {
    communicationType: 'UNIFIED',
    widgetConfiguration: { position: 'right', customTheme: { primaryColor: '#007bff' } },
  },
  createdAt: 1_709_856_000_000,
  updatedAt: 1_709_856_000_000,
};
const phone = { channelIdentifier: '+12125551234', configuration: { phoneConfigurationId: 'phone_known' } };

/** What creates a channel, of each type. */
const requests = [
  { deploymentType: 'CALLS', ...phone },
  { deploymentType: 'SMS', ...phone },
  {
    deploymentType: 'WEB',
    channelIdentifier: 'https://example.com',
    configuration: webExample.configuration,
  },
  {
    deploymentType: 'MOBILE',
    channelIdentifier: 'com.example.app',
    configuration: { packageName: 'com.example.app', platform: 'IOS' },
  },
  { deploymentType: 'WHATSAPP', channelIdentifier: '1060', configuration: { graphVersion: 'v23.0' } },
  { deploymentType: 'MESSENGER', channelIdentifier: '2070', configuration: {} },
  { deploymentType: 'CUSTOM', channelIdentifier: 'any name', configuration: {} },
] as const;

describe('A channel', () => {
  it.each([callExample, webExample])('parses as the example of $deploymentType stands', (example) => {
    expect(DeploymentChannelSchema.parse(example)).toMatchObject(example);
  });

  it.each(requests)(
    'of the type $deploymentType is stored as it was asked for, in status setup',
    async (request) => {
      const { channel } = await bench.call(createChannel, { ...request, channelName: 'One' });
      expect(channel).toMatchObject({
        ...request,
        channelName: 'One',
        recordingEnabled: true,
        status: 'setup',
      });
      expect(channel.createdAt).toBeGreaterThan(1_709_856_000_000);
      expect(await bench.channel(channel.id)).toEqual(channel);
    },
  );

  it.each(requests)('of the type $deploymentType changes in part, and keeps the rest', async (request) => {
    const { channel } = await bench.call(createChannel, {
      ...request,
      channelName: 'One',
      language: 'en-US',
    });
    const changed = await bench.call(updateChannel, { channelId: channel.id, recordingEnabled: false });
    expect(changed).toEqual({ ...channel, recordingEnabled: false, updatedAt: changed.updatedAt });
    expect(changed.updatedAt).toBeGreaterThanOrEqual(channel.updatedAt);
    const nameless = await bench.call(updateChannel, {
      channelId: channel.id,
      channelName: null,
      language: null,
    });
    expect(nameless).toMatchObject({
      ...request,
      channelName: null,
      language: null,
      recordingEnabled: false,
    });
  });

  it('keeps what a partial configuration does not name', async () => {
    const { channel } = await bench.call(createChannel, { deploymentType: 'CALLS', ...phone });
    const changed = await bench.call(updateChannel, {
      channelId: channel.id,
      configuration: { afterCall: 'pause' },
    });
    expect(changed.configuration).toEqual({ phoneConfigurationId: 'phone_known', afterCall: 'pause' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a number that is none', { channelIdentifier: '12125551234' }, '/channelIdentifier'],
    ['a number that is too short', { channelIdentifier: '+1212555' }, '/channelIdentifier'],
    ['a configuration of another type', { configuration: { platform: 'IOS' } }, '/configuration/platform'],
    ['a wrong value', { configuration: { afterCall: 'burn' } }, '/configuration/afterCall'],
  ])('refuses %s, and changes nothing', async (_what, change, pointer) => {
    const { channel } = await bench.call(createChannel, { deploymentType: 'CALLS', ...phone });
    await expect(bench.call(updateChannel, { channelId: channel.id, ...change })).rejects.toMatchObject({
      status: 400,
      errors: [expect.objectContaining({ pointer })],
    });
    expect(await bench.channel(channel.id)).toEqual(channel);
  });

  it.each([callExample, webExample])(
    'is created by the example of $deploymentType as it stands: what the server owns is ignored',
    async (example) => {
      const { id, createdAt, updatedAt, ...given } = example;
      const { channel } = await bench.call(createChannel, example as never);
      expect(channel).toMatchObject({ ...given, status: 'setup' });
      expect(channel.id).not.toBe(id);
      expect(channel.createdAt).toBeGreaterThan(createdAt);
      expect(channel.updatedAt).toBeGreaterThan(updatedAt);
    },
  );

  it.each(requests)('of the type $deploymentType is copied by posting what was read', async (request) => {
    const { channel } = await bench.call(createChannel, { ...request });
    const copy = await bench.call(createChannel, { ...channel } as never);
    expect(copy.channel).toEqual({
      ...channel,
      id: copy.channel.id,
      webhookUrl: copy.channel.webhookUrl,
      createdAt: copy.channel.createdAt,
      updatedAt: copy.channel.updatedAt,
    });
  });

  it('refuses a phone number that does not exist, or is another one', async () => {
    const configuration = { phoneConfigurationId: 'phone_missing' };
    const request = { deploymentType: 'CALLS' as const, channelIdentifier: '+12125551234' };
    const unknown = { status: 422, code: 'unknown_phone_number' };
    await expect(bench.call(createChannel, { ...request, configuration })).rejects.toMatchObject({
      ...unknown,
      errors: [expect.objectContaining({ pointer: '/configuration/phoneConfigurationId' })],
    });
    await expect(bench.call(setUpChannel, { channel: { ...request, configuration } })).rejects.toMatchObject({
      ...unknown,
      errors: [expect.objectContaining({ pointer: '/channel/configuration/phoneConfigurationId' })],
    });
    const { channel } = await bench.call(createChannel, request);
    await expect(bench.call(updateChannel, { channelId: channel.id, configuration })).rejects.toMatchObject(
      unknown,
    );
    await expect(
      bench.call(createChannel, { ...request, ...phone, channelIdentifier: '+12125559999' }),
    ).rejects.toMatchObject({
      status: 422,
      code: 'number_mismatch',
      errors: [expect.objectContaining({ pointer: '/channelIdentifier' })],
    });
  });

  it('refuses a package that is not the identifier of its MOBILE channel', async () => {
    const request = {
      ...{ deploymentType: 'MOBILE' as const, channelIdentifier: 'com.example.app' },
      configuration: { packageName: 'com.example.other', platform: 'ANDROID' },
    };
    const refusal = { status: 422, errors: [{ pointer: '/configuration/packageName' }] };
    await expect(bench.call(createChannel, request)).rejects.toMatchObject(refusal);
    const configuration = { packageName: 'com.example.app', platform: 'ANDROID' };
    const { channel } = await bench.call(createChannel, { ...request, configuration });
    const change = { channelId: channel.id, channelIdentifier: 'com.example.other' };
    await expect(bench.call(updateChannel, change)).rejects.toMatchObject(refusal);
    const both = { ...change, configuration: { packageName: 'com.example.other' } };
    expect(await bench.call(updateChannel, both)).toMatchObject({
      channelIdentifier: 'com.example.other',
      configuration: { packageName: 'com.example.other', platform: 'ANDROID' },
    });
  });

  it.each(['a\u0000b', 'a\u202eb', 'a\nb', ' '])('refuses the identifier %j', async (channelIdentifier) => {
    await expect(
      bench.call(createChannel, { deploymentType: 'CUSTOM', channelIdentifier }),
    ).rejects.toMatchObject({ status: 400 });
    const { channel } = await bench.call(createChannel, {
      deploymentType: 'CUSTOM',
      channelIdentifier: 'ok',
    });
    await expect(
      bench.call(updateChannel, { channelId: channel.id, channelIdentifier }),
    ).rejects.toMatchObject({ status: 400 });
  });

  it('merges nested objects of its configuration, and removes what is null', async () => {
    const { channel } = await bench.call(createChannel, {
      deploymentType: 'WEB',
      channelIdentifier: 'https://example.com',
      configuration: {
        widgetConfiguration: {
          position: 'left',
          title: 'Hi',
          customTheme: { primaryColor: '#111', accent: 'x' },
        },
      },
    });
    const changed = await bench.call(updateChannel, {
      channelId: channel.id,
      configuration: { widgetConfiguration: { title: null, customTheme: { primaryColor: '#222' } } },
    });
    expect(changed.configuration).toEqual({
      communicationType: 'UNIFIED',
      widgetConfiguration: { position: 'left', customTheme: { primaryColor: '#222', accent: 'x' } },
    });
  });

  it.each<[string, object, RegExp | null]>([
    ['WEB', { deploymentType: 'WEB', channelIdentifier: 'https://example.com', configuration: {} }, null],
    ['MOBILE', requests[3], null],
    ['WHATSAPP', requests[4], null],
    ['MESSENGER', requests[5], null],
    ['SMS', requests[1], null],
    ['CALLS without a provider', requests[0], null],
    ['CALLS of twilio', { ...requests[0], provider: 'twilio' }, /^https:.*\/webhooks\/twilio\/chan_/],
    ['CALLS of a trunk', { ...requests[0], provider: 'sip' }, null],
    ['CUSTOM', requests[6], /^https:.*\/webhooks\/custom\/chan_/],
  ])('%s has a webhookUrl only where that path answers', async (_what, request, url) => {
    const { channel } = await bench.call(createChannel, request as never);
    expect(channel.webhookUrl).toEqual(url === null ? null : expect.stringMatching(url));
  });

  it('does not say that it takes calls before anybody carries them', async () => {
    const { channel } = await bench.call(createChannel, { deploymentType: 'CALLS', ...phone });
    await bench.call(updateChannel, { channelId: channel.id, target: { agentId: 'agent_one' } });
    const asked = await bench.call(activateChannel, { channelId: channel.id });
    expect(asked.status).toBe('setup');
    expect(asked.statusReason).toMatch(/The channel has no carrier\. Save the credentials/);
  });
});

const custom = { deploymentType: 'CUSTOM' as const, channelIdentifier: 'any name' };

describe('The target of a channel', () => {
  it('may be an agent that was made a moment ago: the flow engine is asked before the channel is refused', async () => {
    const agentId = newId('agent');
    bench.agents.set(agentId, { name: 'Nova', defaultFlowId: newId('flow') });
    const { channel } = await bench.call(setUpChannel, { channel: custom, target: { agentId } });
    expect(channel).toMatchObject({ status: 'active', target: { agentId } });
    const target = await bench.in((trx) =>
      trx.selectFrom('target').selectAll().where('id', '=', agentId).executeTakeFirst(),
    );
    expect(target).toMatchObject({ name: 'Nova', usable: true });
    const { channel: other } = await bench.call(createChannel, custom);
    const flowId = newId('flow');
    bench.flows.set(flowId, { name: 'Greeter', publishedVersion: 1 });
    const assigned = await bench.call(updateChannel, { channelId: other.id, target: { flowId } });
    expect(assigned).toMatchObject({ target: { flowId }, statusReason: 'Ready to be activated.' });
    expect((await bench.call(activateChannel, { channelId: other.id })).status).toBe('active');
  });

  it('is asked for once, then known', async () => {
    const agentId = await bench.agent();
    await bench.call(createChannel, { ...custom, target: { agentId } });
    expect(bench.askedTargets).not.toContain(agentId);
  });

  it.each(['agentId', 'flowId'])('is refused where nobody knows the %s', async (field) => {
    const target = { [field]: newId(field === 'agentId' ? 'agent' : 'flow') } as never;
    const refusal = (pointer: string): object => ({
      status: 422,
      code: 'unknown_target',
      errors: [{ pointer }],
    });
    await expect(bench.call(createChannel, { ...custom, target })).rejects.toMatchObject(
      refusal(`/target/${field}`),
    );
    await expect(bench.call(setUpChannel, { channel: { ...custom, target } })).rejects.toMatchObject(
      refusal(`/channel/target/${field}`),
    );
    const { channel } = await bench.call(createChannel, custom);
    await expect(bench.call(updateChannel, { channelId: channel.id, target })).rejects.toMatchObject(
      refusal(`/target/${field}`),
    );
  });

  it('is refused where the flow is a draft', async () => {
    const flowId = newId('flow');
    bench.flows.set(flowId, { name: 'Draft', publishedVersion: null });
    await expect(bench.call(createChannel, { ...custom, target: { flowId } })).rejects.toMatchObject({
      status: 422,
    });
  });

  it('holds no connection while its owner is asked: 30 unknown ones slow nobody', async () => {
    bench.targetDelayMs = 1000;
    const began = performance.now();
    const creating = Promise.allSettled(
      Array.from({ length: 30 }, () =>
        bench.call(createChannel, { ...custom, target: { agentId: newId('agent') } }),
      ),
    );
    await bench.until(() => bench.askedTargets.length >= 0 && performance.now() - began > 200, 'A moment');
    const before = performance.now();
    await bench.call(listChannels, {});
    const tookMs = performance.now() - before;
    const { waiting, idle, total } = bench.connections();
    const settled = await creating;
    bench.targetDelayMs = 0;
    expect(settled.map((one) => one.status === 'rejected' && one.reason.status)).toEqual(Array(30).fill(422));
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(tookMs).toBeLessThan(700);
    // What works in the background may hold one; the 30 would hold all, and more would wait.
    expect(waiting).toBe(0);
    expect(total - idle).toBeLessThanOrEqual(2);
  });
});
