import {
  activateChannel,
  deleteChannel,
  getChannelHealth,
  updateChannel,
  verifyChannel,
} from '@parley/contracts';
import type { TwilioFault, TwilioNumber } from '@parley/testing';
import {
  agentId,
  draw,
  type GatewayBench,
  numberOf,
  openBench,
  publicUrl,
  webhookOf,
  writes,
} from '../../test/bench.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(async () => {
  await bench.close();
});

describe('A channel at Twilio', () => {
  it('is set up by one request: credentials, number, target, webhook, active', async () => {
    const [one, two, number] = [draw(), draw(), draw()];
    const twilio = await bench.account(one, two, number);
    const channel = await bench.setUp(twilio, number);
    expect(channel).toMatchObject({
      status: 'active',
      statusReason: null,
      provider: 'twilio',
      channelIdentifier: number,
      webhookUrl: webhookOf(channel.id),
      configuration: { phoneConfigurationId: bench.claims.get(number)?.phoneConfigurationId },
    });
    expect(numberOf(twilio, number)).toMatchObject({
      voice_url: webhookOf(channel.id),
      voice_method: 'POST',
      status_callback: `${webhookOf(channel.id)}/status`,
      status_callback_method: 'POST',
    });
    expect(numberOf(twilio, one).voice_url).toBe('');
    expect(writes(twilio)).toHaveLength(1);
    expect(await bench.call(getChannelHealth, { channelId: channel.id })).toMatchObject({
      status: 'active',
      checkedAt: expect.any(String),
    });
  });

  it('puts back what stood at Twilio before when it is deleted, and its number is free at once', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const former = {
      voice_url: 'https://before.example/voice?x=1&y=2',
      voice_method: 'GET',
      status_callback: 'https://before.example/status',
      status_callback_method: 'GET',
    };
    Object.assign(numberOf(twilio, number), former);
    const channel = await bench.setUp(twilio, number);
    expect(numberOf(twilio, number).voice_url).toBe(webhookOf(channel.id));
    await bench.call(deleteChannel, { channelId: channel.id });
    expect(numberOf(twilio, number)).toMatchObject(former);
    expect(bench.claims.has(number)).toBe(false);
    const next = await bench.setUp(twilio, number);
    expect(next.status).toBe('active');
    await bench.call(deleteChannel, { channelId: next.id });
    expect(numberOf(twilio, number)).toMatchObject(former);
  });

  it('says that the credentials are wrong, and is active once they are right', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const credentials = { accountSid: twilio.accountSid, authToken: 'not-the-token' };
    const channel = await bench.setUp(twilio, number, { credentials });
    expect(channel.status).toBe('error');
    expect(channel.statusReason).toMatch(
      /Twilio refuses the account SID and auth token\. Copy both from the start page of the Twilio console/,
    );
    expect(writes(twilio)).toHaveLength(0);
    const { accountSid, authToken } = twilio;
    const mended = await bench.call(updateChannel, {
      channelId: channel.id,
      credentials: { accountSid, authToken },
    });
    expect(mended).toMatchObject({ status: 'active', statusReason: null });
  });

  it('says that the account is suspended', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    twilio.status = 'suspended';
    const channel = await bench.setUp(twilio, number);
    expect(channel).toMatchObject({
      status: 'error',
      statusReason: expect.stringContaining('The Twilio account is suspended.'),
    });
  });

  it('says that the account has no number, and where to buy one', async () => {
    const twilio = await bench.account();
    const channel = await bench.setUp(twilio, draw());
    expect(channel.status).toBe('error');
    expect(channel.statusReason).toMatch(/The Twilio account has no phone number\. Buy one .* Buy a number/);
  });

  it('names the numbers of the account where the one that was chosen is none of them', async () => {
    const numbers = Array.from({ length: 7 }, draw);
    const twilio = await bench.account(...numbers);
    const wrong = draw();
    const channel = await bench.setUp(twilio, wrong);
    expect(channel.status).toBe('error');
    expect(channel.statusReason).toContain(`${wrong} is not a number of this Twilio account`);
    expect(channel.statusReason).toContain(`${numbers[0]}, ${numbers[1]}, ${numbers[2]}`);
    expect(channel.statusReason).toContain('and 2 more');
    const [, , , , , , last = ''] = numbers;
    const moved = await bench.call(updateChannel, { channelId: channel.id, channelIdentifier: last });
    expect(moved).toMatchObject({ status: 'active', channelIdentifier: last });
  });

  it('says that a number takes no voice calls', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    numberOf(twilio, number).capabilities.voice = false;
    const channel = await bench.setUp(twilio, number);
    expect(channel.status).toBe('error');
    expect(channel.statusReason).toMatch(/It takes no voice calls\. Choose a number/);
  });

  it('says which channel uses the number, and takes it once that one is gone', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const first = await bench.setUp(twilio, number);
    const second = await bench.setUp(twilio, number);
    expect(second.status).toBe('error');
    expect(second.statusReason).toContain(`The channel ${first.id} uses this number.`);
    expect(numberOf(twilio, number).voice_url).toBe(webhookOf(first.id));
    await bench.call(deleteChannel, { channelId: first.id });
    const taken = await bench.call(verifyChannel, { channelId: second.id });
    expect(taken).toMatchObject({ status: 'active', statusReason: null });
    expect(numberOf(twilio, number).voice_url).toBe(webhookOf(second.id));
  });

  it.each<[string, Partial<TwilioNumber>, RegExp, Partial<TwilioNumber>]>([
    [
      'a trunk',
      { trunk_sid: 'TK1' },
      /SIP trunk TK1 takes its calls.*Elastic SIP Trunking/,
      { trunk_sid: null },
    ],
    [
      'an application',
      { voice_application_sid: 'AP1' },
      /TwiML application AP1 takes its calls.*Configure with "Webhook"/,
      { voice_application_sid: '' },
    ],
  ])(
    'says that %s overrides the webhook, and is active once it does not',
    async (_what, state, reason, mended) => {
      const number = draw();
      const twilio = await bench.account(number);
      Object.assign(numberOf(twilio, number), state);
      const channel = await bench.setUp(twilio, number);
      expect(channel.status).toBe('error');
      expect(channel.statusReason).toMatch(reason);
      expect(writes(twilio)).toHaveLength(0);
      Object.assign(numberOf(twilio, number), mended);
      expect((await bench.call(verifyChannel, { channelId: channel.id })).status).toBe('active');
    },
  );

  const faults: [string, TwilioFault, RegExp][] = [
    [
      'is down',
      { kind: 'error', status: 500, code: 20500 },
      /fault of its own \(500, Twilio's error 20500\)/,
    ],
    [
      'takes no more requests',
      { kind: 'error', status: 429, code: 20429, retryAfter: '1' },
      /takes no more requests of this account at the moment \(429, Twilio's error 20429\)/,
    ],
    ['does not answer', { kind: 'silence' }, /did not answer in time/],
    ['answers with wrong JSON', { kind: 'malformed' }, /answer could not be read/],
    ['cuts the connection', { kind: 'cut' }, /could not be reached/],
  ];

  it.concurrent.each(faults)('says that Twilio %s, and comes up by itself', async (_what, fault, reason) => {
    const number = draw();
    const twilio = await bench.account(number);
    twilio.fail(`Accounts/${twilio.accountSid}.json`, fault);
    const started = Date.now();
    const channel = await bench.setUp(twilio, number);
    expect(Date.now() - started).toBeLessThan(8000);
    expect(channel.status).toBe('error');
    expect(channel.statusReason).toMatch(reason);
    expect(channel.statusReason).toMatch(/tries again automatically/);
    await bench.becomes(channel.id, 'active');
    expect(numberOf(twilio, number).voice_url).toBe(webhookOf(channel.id));
  });

  it.concurrent.each(faults)(
    'writes its webhook, and puts the former one back, although Twilio %s then',
    async (_what, fault) => {
      const number = draw();
      const twilio = await bench.account(number);
      numberOf(twilio, number).voice_url = 'https://before.example/voice';
      twilio.fail('IncomingPhoneNumbers/', fault);
      const channel = await bench.setUp(twilio, number);
      expect(channel.status).toBe('error');
      await bench.becomes(channel.id, 'active');
      expect(numberOf(twilio, number).voice_url).toBe(webhookOf(channel.id));
      twilio.fail('IncomingPhoneNumbers', fault);
      await bench.call(deleteChannel, { channelId: channel.id });
      const before = (): boolean => numberOf(twilio, number).voice_url === 'https://before.example/voice';
      await bench.until(async () => before() && !bench.claims.has(number), 'The former webhook');
    },
  );

  it('keeps the former webhook although the answer to its writing was lost', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    numberOf(twilio, number).voice_url = 'https://before.example/voice';
    twilio.fail('IncomingPhoneNumbers/', { kind: 'done_but_cut' });
    const channel = await bench.setUp(twilio, number);
    expect(channel.status).toBe('error');
    await bench.becomes(channel.id, 'active');
    expect(writes(twilio)).toHaveLength(1);
    await bench.call(deleteChannel, { channelId: channel.id });
    expect(numberOf(twilio, number).voice_url).toBe('https://before.example/voice');
  });

  it('waits for a public address, and says so', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    bench.config.PUBLIC_URL = undefined;
    const channel = await bench.setUp(twilio, number).finally(() => (bench.config.PUBLIC_URL = publicUrl));
    expect(channel.status).toBe('setup');
    expect(channel.statusReason).toMatch(/PUBLIC_URL is not set\. Set it to the https address/);
    expect(writes(twilio)).toHaveLength(0);
    await bench.becomes(channel.id, 'active');
  });

  it('is checked without target, and active when it has one', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number, { target: undefined });
    expect(channel).toMatchObject({
      status: 'setup',
      statusReason: 'Assign an agent or a flow as target, then activate.',
      configuration: { phoneConfigurationId: expect.stringMatching(/^phone_/) },
    });
    expect(writes(twilio)).toHaveLength(0);
    await expect(bench.call(activateChannel, { channelId: channel.id })).rejects.toMatchObject({
      status: 422,
      code: 'no_target',
    });
    await bench.call(updateChannel, { channelId: channel.id, target: { agentId } });
    expect((await bench.call(activateChannel, { channelId: channel.id })).status).toBe('active');
  });

  it('asks for the credentials again before it sends them to another host', async () => {
    const number = draw();
    const [twilio, other] = [await bench.account(number), await bench.account(number)];
    const { id: channelId } = await bench.setUp(twilio, number);
    const configuration = { apiBaseUrl: other.apiBaseUrl };
    await expect(bench.call(updateChannel, { channelId, configuration })).rejects.toMatchObject({
      status: 422,
      code: 'credentials_needed',
    });
    expect((await bench.channel(channelId)).configuration).toMatchObject({ apiBaseUrl: twilio.apiBaseUrl });
    const { accountSid, authToken } = other;
    await bench.call(updateChannel, { channelId, configuration, credentials: { accountSid, authToken } });
    await bench.becomes(channelId, 'active');
    expect(other.requests.length).toBeGreaterThan(0);
  });

  it('asks for credentials where it has none', async () => {
    const twilio = await bench.account(draw());
    const channel = await bench.setUp(twilio, draw(), { credentials: undefined });
    expect(channel.status).toBe('setup');
    expect(channel.statusReason).toMatch(/Save the credentials of the account at Twilio/);
  });
});
