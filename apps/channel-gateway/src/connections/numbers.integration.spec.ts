import { deactivateChannel, listChannelNumbers, setUpChannel } from '@parley/contracts';
import { draw, type GatewayBench, numberOf, openBench, setUpRequest, writes } from '../../test/bench.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(async () => {
  await bench.close();
});

describe('Numbers of an account', () => {
  it('are listed over all pages, each with whether it can be used and why not', async () => {
    const numbers = Array.from({ length: 7 }, draw);
    const [one = '', two = '', three = '', four = ''] = numbers;
    const twilio = await bench.account(...numbers);
    numberOf(twilio, two).capabilities.voice = false;
    numberOf(twilio, three).trunk_sid = 'TK2';
    const other = await bench.setUp(twilio, four);
    const channel = await bench.setUp(twilio, one);
    const { data } = await bench.call(listChannelNumbers, { channelId: channel.id });
    expect(data.map(({ number }) => number)).toEqual(numbers);
    expect(data.filter(({ usable }) => !usable).map(({ number }) => number)).toEqual([two, three, four]);
    expect(data[0]).toMatchObject({
      providerNumberId: numberOf(twilio, one).sid,
      capabilities: { voice: true, sms: true, mms: true, fax: false },
      usable: true,
      reason: null,
    });
    expect(data[2]?.reason).toMatch(/TK2/);
    expect(data[3]?.reason).toContain(other.id);
  });

  it('are refused with what to do', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    await bench.call(deactivateChannel, { channelId: channel.id });
    const list = () => bench.call(listChannelNumbers, { channelId: channel.id });
    twilio.fail('Accounts/', { kind: 'error', status: 401, code: 20003 });
    await expect(list()).rejects.toMatchObject({ status: 422, code: 'credentials_refused' });
    twilio.fail('IncomingPhoneNumbers', { kind: 'error', status: 429, code: 20429, retryAfter: '7' });
    await expect(list()).rejects.toMatchObject({ status: 503, retryAfterSeconds: 7 });
    twilio.fail('IncomingPhoneNumbers', { kind: 'malformed' });
    await expect(list()).rejects.toMatchObject({ status: 503, code: 'unavailable' });
  });
});

describe('A set-up', () => {
  it('acts once for each key, and a repeat gets its last word', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const request = setUpRequest(twilio, number);
    const first = await bench.call(setUpChannel, request, `key-${number}`);
    expect(first.channel.status).toBe('active');
    expect(await bench.call(setUpChannel, request, `key-${number}`)).toEqual(first);
    expect(writes(twilio)).toHaveLength(1);
  });

  it('shows its credentials to nobody', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    const stored = await bench.in(async (trx) => ({
      channels: await trx.selectFrom('channel').selectAll().execute(),
      connections: await trx.selectFrom('connection').selectAll().execute(),
      events: await trx
        .selectFrom('event' as never)
        .selectAll()
        .execute(),
    }));
    expect(JSON.stringify([channel, stored])).not.toContain(twilio.authToken);
  });

  it.each<[string, Parameters<typeof setUpRequest>[2], Record<string, unknown>]>([
    [
      'a number that no country has',
      { channel: { deploymentType: 'CALLS', channelIdentifier: '+9991234567', configuration: {} } },
      { status: 400, errors: [{ pointer: '/channelIdentifier' }] },
    ],
    [
      'two numbers',
      {
        channel: { deploymentType: 'CALLS', channelIdentifier: '+12125551234', configuration: {} },
        phoneNumber: '+12125551235',
      },
      { status: 422, code: 'number_mismatch' },
    ],
    [
      'no number',
      { channel: { deploymentType: 'CALLS', configuration: {} } },
      { status: 400, errors: [{ pointer: '/phoneNumber' }] },
    ],
    [
      'half of the credentials',
      { credentials: { accountSid: `AC${'0'.repeat(32)}` } },
      { status: 400, errors: [{ pointer: '/credentials/authToken' }] },
    ],
    [
      'credentials of another provider',
      {
        channel: { deploymentType: 'CALLS', channelIdentifier: '+12125551234', provider: 'plivo' },
        credentials: { accountSid: `AC${'0'.repeat(32)}`, authToken: 'x' },
      },
      { status: 400 },
    ],
    [
      'an address of the API that may not be called',
      {
        channel: {
          deploymentType: 'CALLS',
          channelIdentifier: '+12125551234',
          configuration: { apiBaseUrl: 'ftp://x' },
        },
      },
      { status: 400 },
    ],
  ])('refuses %s', async (_what, change, problem) => {
    const request = setUpRequest(await bench.account(), '+12125551234', change);
    await expect(bench.call(setUpChannel, request)).rejects.toMatchObject(
      problem['errors']
        ? { ...problem, errors: [expect.objectContaining((problem['errors'] as object[])[0])] }
        : problem,
    );
  });

  it('may not call a private address', async () => {
    const number = draw();
    const { accountSid, authToken } = await bench.account(number);
    const channel = await bench.setUp({ accountSid, authToken, apiBaseUrl: 'http://10.0.0.1' }, number);
    expect(channel.status).toBe('error');
    expect(channel.statusReason).toMatch(/names an address that may not be called/);
  });

  it('refuses a phone number that is another one than the channel calls itself', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const { configuration } = await bench.setUp(twilio, number);
    const request = setUpRequest(twilio, draw());
    const mixed = { ...request, channel: { ...request.channel, configuration } };
    await expect(bench.call(setUpChannel, mixed as never)).rejects.toMatchObject({
      status: 422,
      code: 'number_mismatch',
    });
  });
});
