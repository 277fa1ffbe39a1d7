import { createConversation, listMessages, type ServerFrame } from '@parley/contracts';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDemo } from './demo.ts';
import { openSpace, type OwnSpace, visit } from './people.ts';
import { BareSocket, postFrame } from './socket.ts';

describe('A socket of somebody who means no good', () => {
  const { baseUrl, other } = readDemo();
  let space: OwnSpace;
  let token = '';
  let conversationId = '';
  let socket: BareSocket;
  let silent: BareSocket;

  beforeAll(async () => {
    space = await openSpace(baseUrl, 'Sockets');
    token = space.owner.token ?? '';
    ({ id: conversationId } = await space.ownerClient.call(createConversation, { spaceId: space.spaceId }));
    silent = await new BareSocket(baseUrl).open();
    socket = await new BareSocket(baseUrl).authenticate(token);
  });
  afterAll(async () => {
    expect((await fetch(`${baseUrl}/healthz`)).status).toBe(200);
    const place = { spaceId: space.spaceId, conversationId };
    expect((await space.ownerClient.call(listMessages, place)).data).toEqual([]);
    // Whatever it was told, it is still served.
    expect(await socket.answerTo({ type: 'ping' })).toEqual({ type: 'pong' });
    socket.close();
  });

  it.each<[string, string | Buffer | object]>([
    ['a binary frame', Buffer.from('{"type":"ping"}')],
    ['an empty frame', ''],
    ['no JSON', '{"type":'],
    ['an array', '[]'],
    ['a number', '1e999'],
    ['an unknown type', { type: 'destroy' }],
    ['no type', {}],
    ['an unknown field', { type: 'ping', colour: 'red' }],
    ['a wrong type', { type: 'subscribe', conversationId: 5 }],
    ['no id', { type: 'subscribe', conversationId: "'; --" }],
    ['a negative sequence', { type: 'subscribe', conversationId: 'conv_x', afterSequence: -1 }],
    ['an endless sequence', { type: 'subscribe', conversationId: 'conv_x', afterSequence: 1e300 }],
    ['10,000 levels', `{"type":"ping","a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['a key of the prototype', '{"type":"ping","__proto__":{"admin":true}}'],
    ['a NUL', '{"type":"typing","conversationId":"a\\u0000b"}'],
    ['bytes as text', '{"type":"authenticate","token":"\\ud800"}'],
  ])('is told what is wrong with %s, and goes on', async (_what, frame) => {
    const answer = await socket.answerTo(frame);
    expect(answer).toMatchObject({ type: 'error', code: 'bad_request', detail: expect.any(String) });
    expect(JSON.stringify(answer)).not.toMatch(/\.(ts|js):\d+|node_modules/);
  });

  it.each<[string, object, string]>([
    ['no parts', { parts: [] }, 'bad_request'],
    ['a NUL', { parts: [{ type: 'text', text: 'a\u0000b' }] }, 'bad_request'],
    ['an unknown part', { parts: [{ type: 'shell', text: 'rm' }] }, 'bad_request'],
    ['an unknown field', { parts: [{ type: 'text', text: 'x' }], author: 'root' }, 'bad_request'],
    ['too much', { parts: Array(3).fill({ type: 'text', text: 'x'.repeat(30_000) }) }, 'too_large'],
    ['a missing conversation', { conversationId: 'conv_missing' }, 'not_found'],
    ['no conversation', { conversationId: undefined }, 'bad_request'],
  ])('is told which post failed: %s', async (_what, change, code) => {
    const frame = { ...postFrame('Hello', conversationId), id: 'post-1', ...change };
    const answer = await socket.answerTo(frame);
    expect(answer).toMatchObject({ type: 'error', code, detail: expect.any(String) });
    // Text that cannot be read names no post.
    if (!JSON.stringify(change).includes('\\u0000')) expect(answer).toMatchObject({ id: 'post-1' });
  });

  it('finds nothing in another space', async () => {
    const stranger = await new BareSocket(baseUrl).authenticate(other.apiKey);
    for (const frame of [
      { type: 'subscribe', conversationId },
      { type: 'subscribe', spaceId: space.spaceId },
      postFrame('Intruding', conversationId),
    ])
      expect(await stranger.answerTo(frame)).toMatchObject({ type: 'error', code: 'not_found' });
    stranger.send({ type: 'typing', conversationId });
    expect(await stranger.answerTo({ type: 'ping' })).toEqual({ type: 'pong' });
    stranger.close();
  });

  it.each<[string, string | Buffer | object]>([
    ['posts', postFrame('Me first')],
    ['subscribes', { type: 'subscribe', conversationId: 'conv_x' }],
    ['sends bytes', Buffer.alloc(10)],
    ['sends nonsense', 'nonsense'],
    ['brings no token', { type: 'authenticate' }],
    ['brings a wrong token', { type: 'authenticate', token: 'parley_sk_wrong' }],
    ['brings half a token', { type: 'authenticate', token: 'a.b' }],
  ])('is sent away when it %s before it is known', async (_what, frame) => {
    const unknown = await new BareSocket(baseUrl).open();
    expect(await unknown.answerTo(frame)).toMatchObject({ type: 'error', detail: expect.any(String) });
    expect((await unknown.ended()).code).toBe(4401);
  });

  it('is sent away when it goes on after a wrong token', async () => {
    const unknown = await new BareSocket(baseUrl).open();
    unknown.send({ type: 'authenticate', token: 'wrong' });
    unknown.send({ type: 'authenticate', token });
    unknown.send(postFrame('Sneaked in', conversationId));
    expect((await unknown.ended()).code).toBe(4401);
    expect(unknown.frames.map(({ type }) => type)).toEqual(['error']);
  });

  it.each(['https://evil.example', 'null', undefined])('is no visitor from the origin %s', async (origin) => {
    const visitor = await visit(space);
    const unknown = await new BareSocket(baseUrl, origin ? { origin } : {}).open();
    unknown.send({ type: 'authenticate', token: visitor.token });
    expect((await unknown.ended()).code).toBe(4403);
  });

  it('is closed over a giant frame', async () => {
    const giant = await new BareSocket(baseUrl).authenticate(token);
    giant.send({ ...postFrame('x'.repeat(2_000_000), conversationId) });
    expect((await giant.ended()).code).toBe(1009);
  });

  it('is closed when it floods', async () => {
    const flooding = await new BareSocket(baseUrl).authenticate(token);
    for (let no = 0; no < 2000; no += 1) flooding.send({ type: 'ping' });
    expect(await flooding.ended()).toMatchObject({ code: 4429, reason: expect.stringContaining('frames') });
    const isRefusal = (frame: ServerFrame): boolean =>
      frame.type === 'error' && frame.code === 'rate_limited';
    expect(flooding.frames.filter(isRefusal)).toHaveLength(5);
    const answered = flooding.frames.filter(({ type }) => type === 'pong').length;
    expect(answered).toBeLessThan(500);
  });

  it.each(['//', '/ws/realtime/..', '/ws/%zz', '/nowhere', 'http://[', '*'])(
    'is refused an upgrade at %s',
    async (path) => {
      const answer = await upgrade(path);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect((await fetch(`${baseUrl}/healthz`)).status).toBe(200);
    },
  );

  it('is closed when it says nothing for ten seconds, and only then', async () => {
    expect((await silent.ended(12_000)).code).toBe(4401);
    await sleep(1000);
    expect(socket.closed).toBeNull();
  });

  function upgrade(path: string): Promise<string> {
    const { port, hostname } = new URL(baseUrl);
    return new Promise((resolve) => {
      let heard = '';
      const raw = connect(Number(port), hostname);
      raw.on('error', () => undefined);
      raw.on('data', (chunk) => {
        heard += chunk.toString();
      });
      raw.on('close', () => resolve(heard));
      raw.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
    });
  }
});
