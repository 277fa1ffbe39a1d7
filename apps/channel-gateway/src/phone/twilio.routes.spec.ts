import { ProblemError, receiveProviderStatus } from '@parley/contracts';
import type { OperationClient } from '@parley/messaging';
import type { Logger } from '@parley/service';
import { fastify, type FastifyInstance } from 'fastify';
import twilio from 'twilio';
import type { ChannelDirectory, KnownChannel } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';
import { readStreamToken } from './stream-token.ts';
import { TwilioRoutes } from './twilio.routes.ts';

const authToken = '0123456789abcdef0123456789abcdef';
const callSid = `CA${'1'.repeat(32)}`;
const base = 'https://parley.example';
const voicePath = '/api/v1/webhooks/twilio/chan_calls';
const ringing = {
  CallSid: callSid,
  AccountSid: `AC${'0'.repeat(32)}`,
  From: '+14155550101',
  To: '+14155550199',
  CallStatus: 'ringing',
  Direction: 'inbound',
};
const rejected = '<?xml version="1.0" encoding="UTF-8"?><Response><Reject/></Response>';

let channel: Partial<KnownChannel>;
let config: Partial<GatewayConfig>;
let failure: ProblemError | null;
let asked: unknown[][];
let server: FastifyInstance;

beforeEach(async () => {
  channel = { id: 'chan_calls', spaceId: 'space_one', provider: 'twilio', status: 'active' };
  config = { PUBLIC_URL: base, SERVICES: 'conversation,telephony' };
  failure = null;
  asked = [];
  const directory = {
    find: (id: string) => (id === 'chan_calls' ? channel : undefined),
    credentialsOf: () => ({ accountSid: ringing.AccountSid, authToken }),
  } as unknown as ChannelDirectory;
  const request = async (...parts: unknown[]): Promise<object> => {
    asked.push(parts);
    if (failure) throw failure;
    return { status: 200, body: {} };
  };
  const logger = { info: () => undefined } as unknown as Logger;
  server = fastify();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, raw, done) => done(null, raw));
  const operations = { request } as unknown as OperationClient;
  // The spec changes the configuration after the routes are made.
  const live = new Proxy({} as GatewayConfig, { get: (_none, name) => Reflect.get(config, name) as unknown });
  new TwilioRoutes(directory, operations, logger, live).register(server);
  await server.ready();
});
afterEach(() => server.close());

interface Answer {
  status: number;
  type: unknown;
  body: string;
}

async function post(
  path: string,
  fields: Record<string, string>,
  change: { signature?: string; asJson?: boolean } = {},
): Promise<Answer> {
  const form = new URLSearchParams(fields).toString();
  const payload = change.asJson ? JSON.stringify(fields) : form;
  const url = change.asJson
    ? `${path}${path.includes('?') ? '&' : '?'}bodySHA256=${twilio.getExpectedBodyHash(payload)}`
    : path;
  const signed = twilio.getExpectedTwilioSignature(authToken, base + url, change.asJson ? {} : fields);
  const answer = await server.inject({
    ...{ method: 'POST', url, payload },
    headers: {
      'content-type': change.asJson ? 'application/json' : 'application/x-www-form-urlencoded',
      'x-twilio-signature': change.signature ?? signed,
    },
  });
  return { status: answer.statusCode, type: answer.headers['content-type'], body: answer.body };
}

function streamOf(xml: string): { url: string; token: string } {
  const [, url = '', token = ''] =
    /<Connect><Stream url="([^"]+)"><Parameter name="token" value="([^"]+)"\/><\/Stream><\/Connect><\/Response>$/.exec(
      xml,
    ) ?? [];
  return { url, token };
}

describe('A call that rings', () => {
  it.each([false, true])('is connected to a stream with a token of its own (JSON: %s)', async (asJson) => {
    const answer = await post(voicePath, ringing, { asJson });
    expect(answer).toMatchObject({ status: 200, type: 'text/xml; charset=utf-8' });
    const { url, token } = streamOf(answer.body);
    expect(url).toBe('wss://parley.example/ws/media/twilio/chan_calls');
    expect(readStreamToken(token, { channelId: 'chan_calls', callSid, authToken })).toEqual({
      ...{ channelId: 'chan_calls', callSid, direction: 'inbound', callId: null },
      ...{ from: '+14155550101', to: '+14155550199' },
    });
    expect(asked).toEqual([]);
  });

  it('that the platform placed keeps its id', async () => {
    const fields = { ...ringing, Direction: 'outbound-api' };
    const { token } = streamOf((await post(`${voicePath}?call=call_one`, fields)).body);
    expect(readStreamToken(token, { channelId: 'chan_calls', callSid, authToken })).toMatchObject({
      ...{ direction: 'outbound', callId: 'call_one' },
    });
  });

  it('is hung up where a machine took it', async () => {
    const fields = { ...ringing, Direction: 'outbound-api', AnsweredBy: 'machine_start' };
    expect((await post(`${voicePath}?call=call_one`, fields)).body).toContain(
      '<Response><Hangup/></Response>',
    );
    expect(asked[0]?.[1]).toMatchObject({ callId: 'call_one', answeredBy: 'machine_start' });
  });

  it.each(['inactive', 'setup', 'error'] as const)(
    'is rejected by a channel in status %s',
    async (status) => {
      channel = { ...channel, status };
      expect(await post(voicePath, ringing)).toMatchObject({ status: 200, body: rejected });
    },
  );

  it('is hung up on where it was placed by a channel that is not active any more', async () => {
    channel = { ...channel, status: 'inactive' };
    const { body } = await post(voicePath, { ...ringing, Direction: 'outbound-api' });
    expect(body).toContain('<Response><Hangup/></Response>');
  });

  it('is rejected where no calls are', async () => {
    config = { ...config, SERVICES: 'conversation' };
    expect(await post(voicePath, ringing)).toMatchObject({ status: 200, body: rejected });
  });

  it('is refused without a right signature, and before anything else is told', async () => {
    channel = { ...channel, status: 'inactive' };
    for (const signature of [
      '',
      'x',
      twilio.getExpectedTwilioSignature('other', base + voicePath, ringing),
    ]) {
      const answer = await post(voicePath, ringing, { signature });
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'bad_signature' });
    }
  });

  it('is refused by a channel that is not there, or of another carrier', async () => {
    expect(await post('/api/v1/webhooks/twilio/chan_none', ringing)).toMatchObject({ status: 404 });
    channel = { ...channel, provider: 'plivo' };
    expect(await post(voicePath, ringing)).toMatchObject({ status: 404 });
  });

  it.each<[string, Record<string, string>]>([
    ['no call', { ...ringing, CallSid: '' }],
    ['a wrong call', { ...ringing, CallSid: 'CA1' }],
    ['no number', { CallSid: callSid }],
    ['a giant number', { ...ringing, From: '1'.repeat(200) }],
  ])('is told what is wrong with %s', async (_what, fields) => {
    expect(await post(voicePath, fields)).toMatchObject({ status: 400 });
    expect(await post(voicePath, fields, { asJson: true })).toMatchObject({ status: 400 });
  });

  it('cannot be checked without PUBLIC_URL, and says so', async () => {
    config = { SERVICES: 'telephony' };
    const answer = await post(voicePath, ringing);
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('PUBLIC_URL');
  });

  it('is signed over a path below PUBLIC_URL, too', async () => {
    config = { ...config, PUBLIC_URL: `${base}/` };
    const { url } = streamOf((await post(voicePath, ringing)).body);
    expect(url).toBe('wss://parley.example/ws/media/twilio/chan_calls');
  });

  // How fast: npm run bench -- phone.
  it('is answered with 49 others at once, each with its own token', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 50 }, async (_none, number) => {
        const CallSid = `CA${String(number).padStart(32, '0')}`;
        return streamOf((await post(voicePath, { ...ringing, CallSid })).body).token;
      }),
    );
    expect(new Set(tokens).size).toBe(50);
  });
});

describe('News of a call', () => {
  const news = { ...ringing, CallStatus: 'completed', SequenceNumber: '3' };
  const path = `${voicePath}/status`;

  it('is passed on to telephony', async () => {
    expect(await post(path, news)).toMatchObject({ status: 200, type: 'text/xml; charset=utf-8' });
    expect(asked).toEqual([
      [
        receiveProviderStatus,
        {
          ...{ spaceId: 'space_one', channelId: 'chan_calls', providerCallId: callSid, callId: null },
          ...{ status: 'completed', sequenceNumber: 3, answeredBy: null },
        },
        expect.anything(),
      ],
    ]);
    await post(`${path}?call=call_one`, { ...ringing, CallStatus: 'no-answer' });
    expect(asked[1]?.[1]).toMatchObject({ callId: 'call_one', status: 'no-answer', sequenceNumber: null });
  });

  it('of a channel that is not active counts, too', async () => {
    channel = { ...channel, status: 'inactive' };
    await post(path, news);
    expect(asked).toHaveLength(1);
  });

  it('is asked for again while telephony is away', async () => {
    failure = new ProblemError({ status: 504, code: 'outcome_unknown', detail: 'No answer.' });
    expect(await post(path, news)).toMatchObject({ status: 503 });
  });

  it('is refused where it is none, or not signed', async () => {
    expect(await post(path, { ...news, CallStatus: 'exploded' })).toMatchObject({ status: 400 });
    expect(await post(path, { ...news, SequenceNumber: '-1' })).toMatchObject({ status: 400 });
    expect(await post(path, news, { signature: 'x' })).toMatchObject({ status: 401 });
    expect(asked).toEqual([]);
  });
});
