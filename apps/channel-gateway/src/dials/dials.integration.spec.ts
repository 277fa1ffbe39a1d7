import { cancelDial, deactivateChannel, dialCall, findTarget, newId } from '@parley/contracts';
import type { TwilioFault, TwilioServer } from '@parley/testing';
import { sql } from 'kysely';
import { agentId, draw, type GatewayBench, openBench, type Told, webhookOf } from '../../test/bench.ts';

let bench: GatewayBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(async () => {
  await bench.close();
});

const TO = '+12125550100';

interface Line {
  twilio: TwilioServer;
  channelId: string;
  from: string;
}

async function line(): Promise<Line> {
  const from = draw();
  const twilio = await bench.account(from);
  const { id: channelId, status } = await bench.setUp(twilio, from);
  expect(status).toBe('active');
  twilio.requests.splice(0);
  return { twilio, channelId, from };
}

interface Dialled {
  channelId: string;
  callId: string;
}

async function dial({ channelId }: Line, change: { to?: string; callId?: string } = {}): Promise<Dialled> {
  const { to = TO, callId = newId('call') } = change;
  const how = { ringSeconds: 30, detectMachine: false, deadline: Date.now() + 60_000 };
  await bench.call(dialCall, { callId, channelId, to, ...how });
  return { channelId, callId };
}

const cancel = ({ callId, channelId }: Dialled, providerCallId: string | null = null): Promise<object> =>
  bench.call(cancelDial, { callId, channelId, to: TO, providerCallId });
const news = (callId: string): Told[] => bench.told.filter((one) => one.callId === callId);
const outcome = ({ callId }: Dialled): Promise<Told> =>
  bench.until(() => news(callId)[0], 'What came of the call', 30_000);
const asked = ({ twilio }: Line, method: string): number =>
  twilio.requests.filter((one) => one.method === method && one.path.endsWith('/Calls.json')).length;

describe('A call that is dialled', () => {
  it('is placed once, with its id in every address, however often it is asked for', async () => {
    const own = await line();
    const one = await dial(own);
    const told = await outcome(one);
    await dial(own, one);
    await dial(own, one);
    const [call, ...more] = own.twilio.calls;
    expect(more).toEqual([]);
    const webhook = webhookOf(own.channelId);
    expect(call?.asked).toEqual({
      ...{ To: [TO], From: [own.from], Url: [`${webhook}?call=${one.callId}`], Method: ['POST'] },
      ...{ StatusCallback: [`${webhook}/status?call=${one.callId}`], StatusCallbackMethod: ['POST'] },
      StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
      Timeout: ['30'],
    });
    expect(told).toMatchObject({
      ...{ what: 'placed', providerCallId: call?.sid, channelId: own.channelId },
      ...{ status: 'queued', sequenceNumber: null },
    });
    expect(asked(own, 'GET')).toBe(0);
    expect(news(one.callId)).toHaveLength(1);
  });

  // Each waits for seconds until something is certain, at a carrier of its own.
  it.concurrent.each<[string, TwilioFault]>([
    ['whose answer never comes', { kind: 'done_but_silent' }],
    ['whose connection is torn', { kind: 'done_but_cut' }],
    ['whose answer is no JSON', { kind: 'malformed' }],
  ])(
    '%s is found at the carrier, not dialled again',
    async (_what, fault) => {
      const own = await line();
      own.twilio.fail('/Calls.json', fault);
      const told = await outcome(await dial(own));
      expect(own.twilio.calls).toHaveLength(1);
      expect(told).toMatchObject({ what: 'placed', providerCallId: own.twilio.calls[0]?.sid });
      expect(asked(own, 'POST')).toBe(1);
    },
    30_000,
  );

  it.concurrent('is found though the carrier fails to list its calls at first', async () => {
    const own = await line();
    own.twilio.fail('/Calls.json', { kind: 'done_but_cut' }, { kind: 'cut' }, { kind: 'malformed' });
    own.twilio.fail('/Calls.json', { kind: 'error', status: 500, code: 20500 });
    const told = await outcome(await dial(own));
    expect(told).toMatchObject({ what: 'placed', providerCallId: own.twilio.calls[0]?.sid });
    expect([asked(own, 'POST'), own.twilio.calls.length]).toEqual([1, 1]);
  }, 30_000);

  it.concurrent.each<[string, TwilioFault]>([
    ['fails with 500', { kind: 'error', status: 500, code: 20500 }],
    ['tears the connection', { kind: 'cut' }],
  ])(
    'of a carrier that %s is dialled again once it is certain that it rings nowhere',
    async (_what, fault) => {
      const own = await line();
      own.twilio.fail('/Calls.json', fault);
      const began = Date.now();
      const told = await outcome(await dial(own));
      expect(told).toMatchObject({ what: 'placed', providerCallId: own.twilio.calls[0]?.sid });
      expect(own.twilio.calls).toHaveLength(1);
      expect(asked(own, 'POST')).toBe(2);
      expect(asked(own, 'GET')).toBeGreaterThan(2);
      expect(Date.now() - began).toBeGreaterThan(7000);
    },
    40_000,
  );

  it.concurrent('waits while the carrier takes no more requests', async () => {
    const own = await line();
    own.twilio.fail('/Calls.json', { kind: 'error', status: 429, code: 20429, retryAfter: '2' });
    const began = Date.now();
    expect(await outcome(await dial(own))).toMatchObject({ what: 'placed' });
    expect(Date.now() - began).toBeGreaterThan(1900);
    expect([asked(own, 'POST'), asked(own, 'GET'), own.twilio.calls.length]).toEqual([2, 0, 1]);
  }, 30_000);

  it('fails when its time is over, though the carrier asks for a longer pause; the next one goes on', async () => {
    const own = await line();
    own.twilio.fail('/Calls.json', { kind: 'error', status: 429, code: 20429, retryAfter: '3600' });
    const callId = newId('call');
    const how = { to: TO, ringSeconds: 30, detectMachine: false, deadline: Date.now() + 2500 };
    await bench.call(dialCall, { callId, channelId: own.channelId, ...how });
    const [told, next] = [
      await outcome({ callId, channelId: own.channelId }),
      await outcome(await dial(own)),
    ];
    expect(told).toMatchObject({
      ...{ what: 'failed', cause: 'failed' },
      reason: expect.stringMatching(
        /takes no more requests .* Twilio's error 20429\)\. It could not/,
      ) as string,
    });
    expect(next).toMatchObject({ what: 'placed' });
  }, 30_000);

  it.each<[string, TwilioFault, RegExp]>([
    ['the number', { kind: 'error', status: 400, code: 21211, message: 'bad To' }, /error 21211\): bad To/],
    [
      'the credentials',
      { kind: 'error', status: 401, code: 20003 },
      /save them as credentials of the channel/,
    ],
  ])('fails where the carrier refuses %s, and says why', async (_what, fault, reason) => {
    const own = await line();
    own.twilio.fail('/Calls.json', fault);
    expect(await outcome(await dial(own))).toMatchObject({
      ...{ what: 'failed', cause: 'failed' },
      reason: expect.stringMatching(reason) as string,
    });
    expect(asked(own, 'POST')).toBe(1);
  });

  it('is not placed by a channel that is not active, nor when it is too late', async () => {
    const own = await line();
    const callId = newId('call');
    const how = { to: TO, ringSeconds: 30, detectMachine: true, deadline: Date.now() - 1 };
    await bench.call(dialCall, { callId, channelId: own.channelId, ...how });
    expect(await outcome({ callId, channelId: own.channelId })).toMatchObject({
      ...{ cause: 'failed', reason: expect.stringMatching(/within a minute/) as string },
    });
    await bench.call(deactivateChannel, { channelId: own.channelId });
    expect(await outcome(await dial(own))).toMatchObject({
      ...{ what: 'failed', cause: 'channel_inactive' },
      reason: expect.stringMatching(/Activate it/) as string,
    });
    expect(own.twilio.calls).toEqual([]);
    await expect(dial({ ...own, channelId: newId('chan') })).rejects.toMatchObject({ status: 404 });
  });

  it('is told apart from others to the same number', async () => {
    const own = await line();
    own.twilio.fail('/Calls.json', { kind: 'done_but_cut' });
    const [one, two] = [await dial(own), await dial(own)];
    const ids = [await outcome(one), await outcome(two)].map(
      (told) => told.what === 'placed' && told.providerCallId,
    );
    const callOf = ({ callId }: Dialled) =>
      own.twilio.calls.find(({ asked: { Url = [] } }) => Url[0]?.endsWith(callId))?.sid;
    expect(ids).toEqual([callOf(one), callOf(two)]);
    expect(own.twilio.calls).toHaveLength(2);
  }, 30_000);
});

test('who is to speak is known by name; who is not there is refused', async () => {
  expect(await bench.call(findTarget, { target: { agentId } })).toEqual({ name: 'Pia' });
  await expect(bench.call(findTarget, { target: { flowId: 'flow_none' } })).rejects.toMatchObject({
    ...{ status: 422, code: 'unknown_target' },
  });
});

describe('A process that is killed', () => {
  /** What is stored once the carrier was, or was about to be, asked. */
  async function asKilled(own: Line): Promise<Dialled> {
    const callId = newId('call');
    own.twilio.fail('/Calls.json', ...Array.from({ length: 2 }, () => ({ kind: 'cut' }) as const));
    await dial(own, { callId });
    await bench.until(() => asked(own, 'POST') === 1, 'The dial');
    return { callId, channelId: own.channelId };
  }

  it('before the carrier was asked leaves a call that is dialled once, by the next one', async () => {
    const own = await line();
    const one = await asKilled(own);
    await bench.stop();
    await bench.start();
    expect(await outcome(one)).toMatchObject({ what: 'placed' });
    expect(own.twilio.calls).toHaveLength(1);
  }, 60_000);

  it('after the carrier was asked leaves a call that the next one finds', async () => {
    const own = await line();
    own.twilio.fail('/Calls.json', { kind: 'done_but_silent' }, { kind: 'cut' });
    const one = await dial(own);
    await bench.until(() => own.twilio.calls.length === 1, 'The dial');
    await bench.stop();
    await bench.start();
    expect(await outcome(one)).toMatchObject({
      what: 'placed',
      providerCallId: own.twilio.calls[0]?.sid,
    });
    expect([asked(own, 'POST'), own.twilio.calls.length]).toEqual([1, 1]);
  }, 60_000);

  it('is not missed where the carrier has told of the call, though it does not list it', async () => {
    const own = await line();
    const one = await asKilled(own);
    bench.known.set(one.callId, 'CA-told');
    expect(await outcome(one)).toMatchObject({ what: 'placed', providerCallId: 'CA-told' });
    expect(asked(own, 'POST')).toBe(1);
  }, 60_000);
});

test('a day later the ledger knows nothing of a call', async () => {
  const own = await line();
  const one = await dial(own);
  await outcome(one);
  const rows = () =>
    bench.in((trx) => trx.selectFrom('dial').selectAll().where('id', '=', one.callId).execute());
  expect(await rows()).toHaveLength(1);
  await bench.in((trx) =>
    sql`UPDATE task SET due_at = now() WHERE id = ${`${one.callId}.forget`}`.execute(trx),
  );
  await bench.until(async () => (await rows()).length === 0, 'The forgetting');
});

describe('A call that is not wanted any more', () => {
  it('is let go at the carrier', async () => {
    const own = await line();
    const one = await dial(own);
    await outcome(one);
    await cancel(one);
    await bench.until(() => own.twilio.calls[0]?.status === 'canceled', 'The end');
  });

  it('is let go though somebody has taken it up meanwhile; of one that is over nothing is asked twice', async () => {
    const own = await line();
    const one = await dial(own);
    await outcome(one);
    const [call] = own.twilio.calls;
    if (call) call.status = 'in-progress';
    await cancel(one);
    await bench.until(() => call?.status === 'completed', 'The end');
    const two = await dial(own);
    await outcome(two);
    if (own.twilio.calls[1]) own.twilio.calls[1].status = 'busy';
    own.twilio.requests.splice(0);
    await cancel(two);
    await bench.until(() => own.twilio.requests.length > 0, 'The cancelling');
    await outcome(await dial(own));
    expect(own.twilio.requests.filter(({ path }) => path.includes('/Calls/CA'))).toHaveLength(1);
  });

  it('is let go at once though the next one to that number cannot be dialled', async () => {
    const own = await line();
    const one = await dial(own);
    await outcome(one);
    own.twilio.fail('/Calls.json', { kind: 'error', status: 429, code: 20429, retryAfter: '5' });
    const two = await dial(own);
    await bench.until(() => asked(own, 'POST') === 2, 'The second dial');
    await cancel(one);
    await bench.until(() => own.twilio.calls[0]?.status === 'canceled', 'The end', 3000);
    await cancel(two);
    expect(await outcome(two)).toMatchObject({ what: 'failed', cause: 'canceled', reason: null });
  }, 30_000);

  it('is let go by the id that the carrier told, beside the one that was dialled, which rings on', async () => {
    const own = await line();
    const [one, other] = [await dial(own), await dial(own)];
    await outcome(one);
    await outcome(other);
    await cancel(one, own.twilio.calls[1]?.sid);
    await bench.until(() => own.twilio.calls[1]?.status === 'canceled', 'The end');
    expect(own.twilio.calls[0]?.status).toBe('queued');
    const never = { callId: newId('call'), channelId: own.channelId };
    await cancel(never, own.twilio.calls[0]?.sid);
    await bench.until(() => own.twilio.calls[0]?.status === 'canceled', 'The end of the first');
  });

  it('is never dialled where the cancelling came first', async () => {
    const own = await line();
    const callId = newId('call');
    await cancel({ callId, channelId: own.channelId });
    await dial(own, { callId });
    await outcome(await dial(own));
    expect(own.twilio.calls).toHaveLength(1);
    expect(own.twilio.calls[0]?.asked['Url']?.[0]).not.toContain(callId);
  });

  it('is not dialled while it waits', async () => {
    const own = await line();
    own.twilio.fail('/Calls.json', { kind: 'error', status: 429, code: 20429, retryAfter: '2' });
    const one = await dial(own);
    await bench.until(() => asked(own, 'POST') === 1, 'The dial');
    await cancel(one);
    expect(await outcome(one)).toMatchObject({ what: 'failed', cause: 'canceled' });
    expect(own.twilio.calls).toEqual([]);
  }, 30_000);
});
