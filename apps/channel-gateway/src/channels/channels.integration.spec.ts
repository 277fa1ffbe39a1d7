import { activateChannel, createChannel, DeploymentChannelSchema, updateChannel } from '@parley/contracts';
import { type GatewayBench, openBench } from '../../test/bench.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
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
const phone = { channelIdentifier: '+12125551234', configuration: { phoneConfigurationId: 'phone_xyz789' } };

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
    expect(changed.configuration).toEqual({ phoneConfigurationId: 'phone_xyz789', afterCall: 'pause' });
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

  it('does not say that it takes calls before anybody carries them', async () => {
    const { channel } = await bench.call(createChannel, { deploymentType: 'CALLS', ...phone });
    await bench.call(updateChannel, { channelId: channel.id, target: { agentId: 'agent_one' } });
    const asked = await bench.call(activateChannel, { channelId: channel.id });
    expect(asked.status).toBe('setup');
    expect(asked.statusReason).toMatch(/Nobody carries the calls of this channel\. Save the credentials/);
  });
});
