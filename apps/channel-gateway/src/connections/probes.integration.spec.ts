import { setTimeout as sleep } from 'node:timers/promises';
import { activateChannel, deactivateChannel, deleteChannel, updateChannel } from '@parley/contracts';
import type { TwilioFault } from '@parley/testing';
import { draw, type GatewayBench, numberOf, openBench, webhookOf } from '../../test/bench.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(async () => {
  await bench.close();
});

describe('A look at a channel now and then', () => {
  it('finds credentials that were revoked, and that they are good again', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    twilio.fail(`${twilio.accountSid}.json`, { kind: 'error', status: 401, code: 20003 });
    await bench.becomes(channel.id, 'error', /refuses the account SID and auth token/);
    await bench.becomes(channel.id, 'active');
  });

  it('finds a webhook that was changed by hand and leaves it, until somebody activates the channel', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    numberOf(twilio, number).voice_url = 'https://by-hand.example/voice';
    const found = await bench.becomes(channel.id, 'error');
    expect(found.statusReason).toMatch(/The webhook of \+\d+ was changed at Twilio: it points elsewhere/);
    expect(found.statusReason).toMatch(/Activate the channel to write it again, or delete the channel/);
    expect(numberOf(twilio, number).voice_url).toBe('https://by-hand.example/voice');
    expect((await bench.call(activateChannel, { channelId: channel.id })).status).toBe('active');
    expect(numberOf(twilio, number).voice_url).toBe(webhookOf(channel.id));
    await bench.call(deleteChannel, { channelId: channel.id });
    expect(numberOf(twilio, number).voice_url).toBe('https://by-hand.example/voice');
  });

  it('leaves what was written by hand after the channel, when it is deleted', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    await bench.call(deactivateChannel, { channelId: channel.id });
    numberOf(twilio, number).voice_url = 'https://by-hand.example/voice';
    await bench.call(deleteChannel, { channelId: channel.id });
    expect(numberOf(twilio, number).voice_url).toBe('https://by-hand.example/voice');
    expect(bench.claims.has(number)).toBe(false);
  });

  it.concurrent.each<[string, TwilioFault, RegExp]>([
    ['is down', { kind: 'error', status: 503, code: 20503 }, /fault of its own/],
    ['takes no more requests', { kind: 'error', status: 429, code: 20429 }, /takes no more requests/],
    ['does not answer', { kind: 'silence' }, /did not answer in time/],
    ['answers with wrong JSON', { kind: 'malformed' }, /answer could not be read/],
    ['cuts the connection', { kind: 'cut' }, /could not be reached/],
  ])('leaves an active channel active while Twilio %s', async (_what, fault, reason) => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    twilio.fail('Accounts/', fault, fault);
    const told = await bench.becomes(channel.id, 'active', /Calls are taken as before/);
    expect(told.statusReason).toMatch(reason);
    await bench.until(async () => (await bench.channel(channel.id)).statusReason === null, 'The good news');
  });

  it('goes on after the gateway was away', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    await bench.stop();
    numberOf(twilio, number).voice_url = '';
    await bench.start();
    await bench.becomes(channel.id, 'error', /it is empty/);
  });

  it('does not touch a channel that was deactivated', async () => {
    const number = draw();
    const twilio = await bench.account(number);
    const channel = await bench.setUp(twilio, number);
    const off = await bench.call(deactivateChannel, { channelId: channel.id });
    expect(off.status).toBe('inactive');
    const before = twilio.requests.length;
    await sleep(2500);
    expect(twilio.requests).toHaveLength(before);
    expect(numberOf(twilio, number).voice_url).toBe(webhookOf(channel.id));
    expect((await bench.call(activateChannel, { channelId: channel.id })).status).toBe('active');
  });
});

describe('A channel that moves', () => {
  it('to another number leaves the first as it was found', async () => {
    const [one, two] = [draw(), draw()];
    const twilio = await bench.account(one, two);
    numberOf(twilio, one).voice_url = 'https://before.example/one';
    const channel = await bench.setUp(twilio, one);
    const moved = await bench.call(updateChannel, { channelId: channel.id, channelIdentifier: two });
    expect(moved).toMatchObject({
      status: 'active',
      channelIdentifier: two,
      configuration: { phoneConfigurationId: bench.claims.get(two)?.phoneConfigurationId },
    });
    expect(numberOf(twilio, two).voice_url).toBe(webhookOf(channel.id));
    expect(numberOf(twilio, one).voice_url).toBe('https://before.example/one');
    expect(bench.claims.has(one)).toBe(false);
  });
});
