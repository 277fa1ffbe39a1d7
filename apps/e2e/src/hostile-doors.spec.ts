import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import {
  activateChannel,
  createApiKey,
  createChannel,
  listAgents,
  listChannels,
  listConversations,
} from '@parley/contracts';
import { until } from '@parley/testing';
import { call, send, urlOf } from './calls.ts';
import { readDemo } from './demo.ts';
import { openSpace, type OwnSpace, visit } from './people.ts';
import { faultOf } from './problems.ts';
import { BareSocket } from './socket.ts';

const MIB = 1024 * 1024;
const json = 'application/json';
const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const parts = [{ type: 'text', text: 'Hello' }];
const message = { messageId: 'bad-1', sender: { id: 'mallory' }, parts };
const metadata = { long: 'x'.repeat(20_000) };
const deep = Buffer.from(`{"messageId":"bad-1","metadata":${'['.repeat(5000)}${']'.repeat(5000)}}`);

/** A body that a door refuses, with what it is answered and points to. */
interface Broken {
  what: string;
  body: Buffer;
  status: number;
  pointer?: string;
  type?: string;
}

/** Bodies that no door takes. */
const broken: readonly Broken[] = [
  { what: 'bad JSON', body: Buffer.from('{"messageId":'), status: 400 },
  { what: 'bad UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), status: 400 },
  { what: '5,000 levels', body: deep, status: 400 },
  { what: 'a key of the prototype', body: Buffer.from('{"__proto__":{"admin":true}}'), status: 400 },
  { what: 'an array', body: text([message]), status: 400 },
  { what: 'an unknown field', body: text({ ...message, colour: 'red' }), status: 400, pointer: '/colour' },
  { what: 'ten megabytes', body: Buffer.alloc(10 * MIB, 0x20), status: 413 },
  { what: 'another media type', body: text(message), status: 415, type: 'text/plain' },
];

/** A body that breaks one rule at one place. */
const at = (pointer: string, what: string, value: unknown): Broken => ({
  what,
  body: text(value),
  status: 400,
  pointer,
});
const tooMuch = Array(3).fill({ type: 'text', text: 'x'.repeat(30_000) }) as unknown[];

describe('The doors without operation', () => {
  const { baseUrl } = readDemo();
  let space: OwnSpace;
  let customId = '';
  let secret = '';

  beforeAll(async () => {
    space = await openSpace(baseUrl, 'Doors');
    const { channel, credentials } = await space.ownerClient.call(createChannel, {
      spaceId: space.spaceId,
      deploymentType: 'CUSTOM',
      channelIdentifier: 'doors',
      configuration: {},
      target: { agentId: space.agentId },
    });
    customId = channel.id;
    secret = credentials?.webhookSecret ?? '';
    await space.ownerClient.call(activateChannel, { spaceId: space.spaceId, channelId: customId });
  });

  describe('of the custom channel', () => {
    const post = (body: Buffer, change: Record<string, string> = {}, channelId = customId) => {
      const id = `wh_${randomUUID()}`;
      const timestamp = String(Math.floor(Date.now() / 1000));
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
      const headers = {
        'content-type': json,
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
        ...change,
      };
      return send(`${baseUrl}/api/v1/webhooks/custom/${channelId}`, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
      });
    };
    afterAll(async () => {
      const of = { spaceId: space.spaceId, channelId: customId };
      expect((await space.ownerClient.call(listConversations, of)).data).toEqual([]);
    });

    it.each<Broken>([
      ...broken,
      at('/sender', 'no sender', { ...message, sender: undefined }),
      at('/sender', 'a sender of a wrong type', { ...message, sender: 5 }),
      at('/messageId', 'no id', { ...message, messageId: '' }),
      at('/parts', 'no parts', { ...message, parts: [] }),
      at('/sender/id', 'a NUL', { ...message, sender: { id: 'a\u0000b' } }),
      at('/sender/id', 'half of a pair', { ...message, sender: { id: 'a\ud800' } }),
      at('/metadata', 'too much metadata', { ...message, metadata }),
      {
        what: 'an endless number',
        body: Buffer.from('{"messageId":1e999}'),
        status: 400,
        pointer: '/messageId',
      },
      { what: 'too much text', body: text({ ...message, parts: tooMuch }), status: 413 },
    ])('refuses $what, although it is signed', async ({ body, status, pointer, type = json }) => {
      expect(faultOf(await post(body, { 'content-type': type }), status, pointer)).toBeNull();
    });

    it.each<[string, Record<string, string>]>([
      ['no signature', { 'webhook-signature': '' }],
      ['another signature', { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` }],
      ['nonsense as signature', { 'webhook-signature': 'x'.repeat(5000) }],
      ['an old time', { 'webhook-timestamp': '1' }],
      ['a future time', { 'webhook-timestamp': '99999999999' }],
      ['no time', { 'webhook-timestamp': 'NaN' }],
      ['another id', { 'webhook-id': 'wh_other' }],
    ])('refuses %s', async (_what, change) => {
      expect(faultOf(await post(text(message), change), 401)).toBeNull();
    });

    it.each(['chan_missing', '%00', 'x'.repeat(300), '..%2f..', '%zz'])('knows no channel %s', async (id) => {
      const answer = await post(text(message), {}, id);
      expect([400, 404, 414]).toContain(answer.status);
      expect(faultOf(answer, null)).toBeNull();
    });
  });

  describe('of the widget', () => {
    const open = (channelId: string, init: RequestInit) =>
      send(`${baseUrl}/api/v1/widget/${channelId}/sessions`, { method: 'POST', ...init });
    const site = { origin: 'https://site.example', 'content-type': json };

    it.each<Broken>([
      ...broken,
      at('/visitorToken', 'a token of a wrong type', { visitorToken: 5 }),
      at('/visitorToken', 'a token that is too long', { visitorToken: 'x'.repeat(3000) }),
      at('/language', 'a NUL', { language: 'a\u0000' }),
    ])('refuses $what', async ({ body, status, pointer, type = json }) => {
      const headers = { ...site, 'content-type': type };
      const answer = await open(space.webChannelId, { headers, body: new Uint8Array(body) });
      expect(faultOf(answer, status, pointer)).toBeNull();
    });

    it.each<[string, Record<string, string>]>([
      ['another origin', { origin: 'https://evil.example' }],
      ['an origin that begins right', { origin: 'https://site.example.evil.example' }],
      ['an opaque origin', { origin: 'null' }],
      ['no origin', {}],
    ])('refuses %s', async (_what, headers) => {
      const answer = await open(space.webChannelId, {
        headers: { 'content-type': json, ...headers },
        body: '{}',
      });
      expect(faultOf(answer, 403)).toBeNull();
    });

    it('knows neither missing channels nor those of another kind', async () => {
      for (const id of ['chan_missing', customId])
        expect(faultOf(await open(id, { headers: site, body: '{}' }), 404)).toBeNull();
    });

    it('gives no foreign history for a token that was changed', async () => {
      const visitor = await visit(space);
      const body = JSON.stringify({ visitorToken: `${visitor.token?.slice(0, -2)}xx` });
      const answer = await open(space.webChannelId, { headers: site, body });
      expect(answer.status).toBe(201);
      expect(JSON.parse(answer.text)).toMatchObject({ conversationId: null });
    });
  });

  describe('to credentials', () => {
    const encode = (value: unknown): string => text(value).toString('base64url');
    const parse = (part: string | undefined): Record<string, unknown> =>
      JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;

    /** What somebody might try who has a key and a token of its own. */
    async function attempts(): Promise<[string, string][]> {
      const { spaceId } = space;
      const name = 'Key';
      const { key } = await space.ownerClient.call(createApiKey, { spaceId, name });
      // One that lies in the past is refused.
      const expiry = Date.now() + 1500;
      const expiresAt = new Date(expiry).toISOString();
      const expired = await space.ownerClient.call(createApiKey, { spaceId, name, expiresAt });
      await until('the key has expired', () => Date.now() > expiry);
      const [head, body, signature] = (space.owner.token ?? '').split('.');
      const { privateKey } = generateKeyPairSync('ed25519');
      const forged = sign(null, Buffer.from(`${head}.${body}`), privateKey).toString('base64url');
      const past = encode({ ...parse(body), exp: 1 });
      return [
        ['a key with another end', `${key.slice(0, -3)}abc`],
        ['a key without secret', key.split('_').slice(0, 3).join('_')],
        ['an expired key', expired.key],
        ['a token signed by somebody else', `${head}.${body}.${forged}`],
        ['a token without signature', `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`],
        ['an expired token', `${head}.${past}.${signature}`],
        [
          'a token with another subject',
          `${head}.${encode({ ...parse(body), sub: 'acc_other' })}.${signature}`,
        ],
        [
          'a key id that reaches into paths',
          `${encode({ ...parse(head), kid: '../../etc/passwd' })}.${body}.x`,
        ],
        ['nonsense', "'; DROP TABLE account; --"],
        ['very much', 'x'.repeat(6000)],
      ];
    }

    it('refuses all that are not what they seem, over HTTP and sockets', async () => {
      const url = urlOf(baseUrl, listAgents, { spaceId: space.spaceId });
      const faults: string[] = [];
      for (const [what, token] of await attempts()) {
        const fault = faultOf(await send(url, { headers: { authorization: `Bearer ${token}` } }), 401);
        if (fault) faults.push(`${what}: ${fault}`);
        const socket = await new BareSocket(baseUrl).open();
        socket.send({ type: 'authenticate', token });
        if ((await socket.ended()).code !== 4401) faults.push(`${what} opens a socket`);
      }
      expect(faults).toEqual([]);
    });

    it.each(['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', '\u00e9'])(
      'refuses "%s"',
      async (authorization) => {
        const url = urlOf(baseUrl, listAgents, { spaceId: space.spaceId });
        expect(faultOf(await send(url, { headers: { authorization } }), 401)).toBeNull();
      },
    );
  });

  it.each([
    '/%00',
    '/api/v1/spaces/%zz',
    `/api/v1/spaces/${'x'.repeat(300)}`,
    '/api/v1/spaces/..%2f..%2fetc',
    '/api/v1/spaces/space_x/agents/%F0%9F%98%80',
    '/api/v1/nowhere',
    '/demo/../../etc/passwd',
    '//',
  ])('finds nothing at %s', async (path) => {
    const answer = await send(`${baseUrl}${path}`, {
      headers: { authorization: `Bearer ${space.owner.token}` },
    });
    expect([400, 404, 414]).toContain(answer.status);
    expect(faultOf(answer, null)).toBeNull();
  });

  it.each(['x'.repeat(300), 'a\tb', ''])('refuses the Idempotency-Key "%s"', async (key) => {
    const answer = await send(`${baseUrl}/api/v1/spaces/${space.spaceId}/channels`, {
      method: 'POST',
      headers: { authorization: `Bearer ${space.owner.token}`, 'content-type': json, 'idempotency-key': key },
      body: JSON.stringify({ deploymentType: 'CUSTOM', channelIdentifier: 'never' }),
    });
    expect(faultOf(answer, 400)).toBeNull();
    const of = { token: space.owner.token, ids: { spaceId: space.spaceId }, fields: {} };
    expect((await call(baseUrl, listChannels, of)).text).not.toContain('never');
  });
});
