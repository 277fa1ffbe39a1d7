import {
  activateChannel,
  agentChanged,
  createChannel,
  deactivateChannel,
  type DeploymentChannel,
  updateChannel,
  verifyChannel,
} from '@parley/contracts';
import { draw, type GatewayBench, openBench, publicUrl } from '../../test/bench.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(async () => {
  await bench.close();
});

/** A channel under test, with the target that it has now. */
interface Story {
  channel: DeploymentChannel;
  agentId: string;
}

type Step = (story: Story) => Promise<DeploymentChannel>;
type Expected = [status: string, reason: RegExp | null];

const of = ({ channel }: Story): { channelId: string } => ({ channelId: channel.id });
const steps = {
  assign: async (story: Story) => {
    story.agentId = await bench.agent();
    return bench.call(updateChannel, { ...of(story), target: { agentId: story.agentId } });
  },
  unassign: (story: Story) => bench.call(updateChannel, { ...of(story), target: null }),
  rename: (story: Story) => bench.call(updateChannel, { ...of(story), channelName: 'Other' }),
  verify: (story: Story) => bench.call(verifyChannel, of(story)),
  activate: (story: Story) => bench.call(activateChannel, of(story)),
  deactivate: (story: Story) => bench.call(deactivateChannel, of(story)),
  loseTarget: async (story: Story) => {
    const { agentId } = story;
    await bench.feed(agentChanged, { agentId, accountId: 'acc_agent', name: 'Pia', deleted: true });
    await bench.until(
      () =>
        bench.in((trx) =>
          trx
            .selectFrom('target')
            .select('id')
            .where('id', '=', agentId)
            .where('usable', '=', false)
            .executeTakeFirst(),
        ),
      'The end of the agent',
    );
    return bench.channel(story.channel.id);
  },
} satisfies Record<string, Step>;

const unassigned = /^Assign an agent or a flow as target/;
const gone = /^The agent or flow of this channel was deleted, so no one answers/;
const ready = /^Ready to be activated/;
const off = /^Deactivated by hand/;

type Walk = [keyof typeof steps, Expected][];

/** Each walk begins with a new channel without target. */
const immediate: [string, Walk][] = [
  [
    'is ready with a target',
    [
      ['assign', ['setup', ready]],
      ['verify', ['setup', ready]],
      ['unassign', ['setup', unassigned]],
    ],
  ],
  [
    'is active until it is deactivated, and its other changes leave it so',
    [
      ['assign', ['setup', ready]],
      ['activate', ['active', null]],
      ['rename', ['active', null]],
      ['verify', ['active', null]],
      ['deactivate', ['inactive', off]],
      ['rename', ['inactive', off]],
      ['verify', ['inactive', off]],
      ['assign', ['inactive', off]],
      ['activate', ['active', null]],
      ['unassign', ['setup', unassigned]],
    ],
  ],
  [
    'turns to error when its target is deleted, and to active with another one',
    [
      ['assign', ['setup', ready]],
      ['activate', ['active', null]],
      ['loseTarget', ['error', gone]],
      ['rename', ['error', gone]],
      ['verify', ['error', gone]],
      ['assign', ['active', null]],
      ['loseTarget', ['error', gone]],
      ['unassign', ['setup', unassigned]],
    ],
  ],
  [
    'says so when the target of one that is not active is deleted',
    [
      ['assign', ['setup', ready]],
      ['loseTarget', ['setup', gone]],
      ['assign', ['setup', ready]],
      ['deactivate', ['inactive', off]],
      ['loseTarget', ['inactive', off]],
    ],
  ],
];

const site = { deploymentType: 'WEB' as const, channelIdentifier: 'https://example.com', configuration: {} };
const custom = { deploymentType: 'CUSTOM' as const, channelIdentifier: 'any name' };

async function walk(story: Story, steps_: Walk, run: typeof steps): Promise<void> {
  for (const [place, [name, [status, reason]]] of steps_.entries()) {
    const answered = await run[name](story);
    const expected = { status, statusReason: reason === null ? null : expect.stringMatching(reason) };
    expect({ place, name, ...answered }).toMatchObject({ place, name, ...expected });
    expect(await bench.channel(story.channel.id)).toMatchObject(expected);
  }
}

describe.each([site, custom])('The status of a $deploymentType channel', (request) => {
  it('says what it needs from the beginning', async () => {
    const { channel } = await bench.call(createChannel, request);
    expect(channel).toMatchObject({ status: 'setup', statusReason: expect.stringMatching(unassigned) });
  });

  it.each(immediate)('%s', async (_what, path) => {
    const { channel } = await bench.call(createChannel, request);
    await walk({ channel, agentId: '' }, path, steps);
  });

  it('cannot become active with a deleted target', async () => {
    const { channel } = await bench.call(createChannel, request);
    const story = { channel, agentId: '' };
    await steps.assign(story);
    await steps.loseTarget(story);
    await expect(steps.activate(story)).rejects.toMatchObject({ status: 422, code: 'unknown_target' });
  });
});

describe('The status of a channel that nobody can activate here', () => {
  it.each([
    {
      deploymentType: 'MOBILE',
      channelIdentifier: 'a.b',
      configuration: { packageName: 'a.b', platform: 'IOS' },
    },
    { deploymentType: 'WHATSAPP', channelIdentifier: '1', configuration: {} },
    { deploymentType: 'SMS', channelIdentifier: '+12125550100' },
    { deploymentType: 'CALLS', channelIdentifier: '+12125550100', provider: 'plivo' },
  ] as const)('says so at every moment: $deploymentType', async (request) => {
    const none = /cannot be activated: this installation has no adapter for them yet/;
    const { channel } = await bench.call(createChannel, request as never);
    expect(channel).toMatchObject({ status: 'setup', statusReason: expect.stringMatching(none) });
    const path: Walk = [
      ['assign', ['setup', none]],
      ['activate', ['setup', none]],
      ['verify', ['setup', none]],
      ['deactivate', ['inactive', off]],
      ['activate', ['setup', none]],
    ];
    await walk({ channel, agentId: '' }, path, steps);
  });
});

describe('A channel from before channels followed their targets', () => {
  it('turns to error after the start, if its target was deleted', async () => {
    const agentId = await bench.agent();
    const { channel } = await bench.call(createChannel, { ...custom, target: { agentId } });
    const other = await bench.call(createChannel, { ...custom, target: { agentId: await bench.agent() } });
    await bench.in(async (trx) => {
      await trx.updateTable('target').set({ usable: false }).where('id', '=', agentId).execute();
      await trx.updateTable('channel').set({ status: 'active', status_reason: null }).execute();
    });
    await bench.stop();
    await bench.start();
    await bench.becomes(channel.id, 'error', gone);
    expect((await bench.channel(other.channel.id)).status).toBe('active');
  });
});

describe('The status of a CALLS channel', () => {
  it('names what it lacks, the first thing first', async () => {
    const number = draw();
    const { accountSid, authToken, apiBaseUrl } = await bench.account(number);
    const request = {
      ...{ deploymentType: 'CALLS' as const, channelIdentifier: number, configuration: { apiBaseUrl } },
    };
    const { channel } = await bench.call(createChannel, request);
    const story = { channel, agentId: '' };
    expect(channel.statusReason).toMatch(unassigned);
    await walk(story, [['assign', ['setup', /The channel has no carrier/]]], steps);
    const credentials = { accountSid, authToken };
    expect(await bench.call(updateChannel, { ...of(story), credentials })).toMatchObject({
      status: 'setup',
      provider: 'twilio',
      statusReason: expect.stringMatching(/^Not checked at the provider yet/),
    });
    await walk(
      story,
      [
        ['verify', ['setup', ready]],
        ['activate', ['active', null]],
        ['loseTarget', ['error', gone]],
        ['verify', ['error', gone]],
        ['assign', ['active', null]],
        ['unassign', ['setup', unassigned]],
        ['assign', ['setup', ready]],
        ['activate', ['active', null]],
        ['deactivate', ['inactive', off]],
        ['activate', ['active', null]],
      ],
      steps,
    );
  });

  it('is in setup while the installation has no public address, and active by itself once it has one', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    bench.config.PUBLIC_URL = undefined;
    const created = await bench.setUp(twilio, number);
    expect(created).toMatchObject({
      status: 'setup',
      statusReason: expect.stringMatching(/PUBLIC_URL is not set/),
      webhookUrl: null,
    });
    bench.config.PUBLIC_URL = publicUrl;
    await bench.becomes(created.id, 'active');
    bench.config.PUBLIC_URL = undefined;
    await bench.becomes(created.id, 'setup', /PUBLIC_URL is not set/);
    bench.config.PUBLIC_URL = publicUrl;
  });

  it('says that the number is taken, and that it is free again, by itself', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const first = await bench.setUp(twilio, number);
    const second = await bench.setUp(twilio, number);
    expect(second).toMatchObject({ status: 'error', statusReason: expect.stringContaining(first.id) });
    const moved = draw();
    twilio.numbers.push({
      ...structuredClone(twilio.numbers[0]),
      phone_number: moved,
      sid: 'PNmoved',
    } as never);
    await bench.call(updateChannel, { channelId: first.id, channelIdentifier: moved });
    await bench.becomes(second.id, 'active');
  });

  it('follows credentials that were changed', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const { id: channelId, status } = await bench.setUp(twilio, number);
    expect(status).toBe('active');
    const wrong = { accountSid: twilio.accountSid, authToken: 'wrong' };
    expect(await bench.call(updateChannel, { channelId, credentials: wrong })).toMatchObject({
      status: 'error',
      statusReason: expect.stringMatching(/refuses the account SID and auth token/),
    });
    const { accountSid, authToken } = twilio;
    expect(
      await bench.call(updateChannel, { channelId, credentials: { accountSid, authToken } }),
    ).toMatchObject({ status: 'active', statusReason: null });
  });
});
