import { setTimeout as sleep } from 'node:timers/promises';
import { textParts, until } from '@parley/testing';
import { type BridgeBench, openBridgeBench, site, tone } from '../../test/bridge-bench.ts';

describe('A session of a flow', () => {
  let bench: BridgeBench;

  beforeAll(async () => {
    bench = await openBridgeBench();
    await bench.start();
  });
  afterEach(() => bench.leave());
  afterAll(() => bench.close());

  it('begins with ready and the greeting, and asks the gateway who it is', async () => {
    const client = bench.connect();
    const { conversationId } = await client.heard('ready');
    expect(await client.heard('transcript')).toMatchObject({
      role: 'assistant',
      text: 'Hello!',
      final: true,
    });
    expect(client.frames[0]?.type).toBe('ready');
    expect(conversationId).toMatch(/^conv_/);
    expect(bench.admissions.at(-1)).toEqual({
      flowId: 'flow_one',
      origin: site,
      token: null,
    });
  });

  it('begins its conversation with the first input, under the name that it was told', async () => {
    const { client, conversationId } = await bench.ready();
    await client.heard('transcript');
    const before = bench.opened.length;
    for (const frame of [{ type: 'ping' }, { type: 'interrupt' }, { type: 'dtmf', digit: '5' }, '{'])
      await client.answerTo(frame);
    expect(bench.opened).toHaveLength(before);
    client.send({ type: 'text', text: 'Hi' });
    await client.heard('transcript', 2);
    expect(bench.opened.slice(before)).toEqual([
      expect.objectContaining({ spaceId: 'space_one', channelId: 'chan_web', conversationId }),
    ]);
    expect(client.of('transcript').map(({ text }) => text)).toEqual(['Hello!', 'You said: Hi']);
    expect(bench.historyOf(conversationId)).toEqual(['Hello!', 'Hi', 'You said: Hi']);
  });

  it('says what its conversation opens with where that is not known before, after what was typed', async () => {
    bench.opening = [];
    const { client, conversationId } = await bench.ready();
    client.send({ type: 'text', text: 'Hi' });
    await client.heard('transcript', 2);
    bench.opening = ['Hello!'];
    expect(client.of('transcript').map(({ text }) => text)).toEqual(['Hello!', 'You said: Hi']);
    expect(bench.opened.at(-1)?.conversationId).toBe(conversationId);
  });

  it('takes its first text all the same when what was shown does not come', async () => {
    bench.opening = ['Something else'];
    const { client } = await bench.ready();
    client.send({ type: 'text', text: 'Hi' });
    bench.opening = ['Hello!'];
    await until('the answer', () => client.of('transcript').some(({ text }) => text === 'You said: Hi'));
  });

  it.each(['inactive', 'deleted'] as const)(
    'ends within two seconds when its channel is %s',
    async (status) => {
      const { client } = await bench.ready();
      client.send(tone(20));
      const before = bench.calls.length;
      await until('there is a call', () => bench.started.length > 0 && bench.rooms.joined.length > 0);
      await sleep(50);
      const ended = performance.now();
      await bench.setChannel(status);
      expect(await client.ended()).toMatchObject({ code: 4401 });
      expect(performance.now() - ended).toBeLessThan(2000);
      await until('its call is over', () => bench.calls[before]);
      expect(bench.calls[before]?.cause).toBe('channel_inactive');
      await bench.setChannel('active');
      await bench.ready();
    },
  );

  it('ends with its call when its conversation is deleted', async () => {
    const { client, conversationId } = await bench.ready();
    client.send(tone(20));
    const before = bench.calls.length;
    const started = bench.started.length;
    await until('there is a call', () => bench.started.length > started && bench.rooms.joined.length > 0);
    await bench.remove(conversationId);
    expect(await client.ended()).toMatchObject({ code: 4404 });
    await until('its call is over', () => bench.calls[before]);
  });

  it('takes texts that come before it stands, in their order, and starts no call', async () => {
    const calls = bench.started.length;
    const client = bench.connect();
    client.socket.on('open', () => {
      for (const text of ['one', 'two', 'three']) client.send({ type: 'text', text });
    });
    await client.heard('transcript', 4);
    expect(client.of('transcript').map(({ text }) => text)).toEqual([
      'Hello!',
      ...['one', 'two', 'three'].map((text) => `You said: ${text}`),
    ]);
    const turns = bench.turns.slice(-3);
    expect(turns.map(({ text, typed, callId }) => [text, typed, callId])).toEqual([
      ['one', true, null],
      ['two', true, null],
      ['three', true, null],
    ]);
    expect(bench.started).toHaveLength(calls);
  });

  it('tells what people say, and what was said aloud, but nothing internal', async () => {
    const { client, conversationId } = await bench.ready();
    client.send({ type: 'text', text: 'Hi' });
    await client.heard('transcript', 2);
    const ann = { type: 'account', accountId: 'acc_ann', name: 'Ann' } as const;
    await bench.post(conversationId, { author: ann, internal: true, parts: textParts('A note') });
    await bench.post(conversationId, { author: ann, parts: textParts('I am Ann.') });
    const visitor = { type: 'contact', contactId: 'cont_one', name: 'Visitor' } as const;
    await bench.post(conversationId, { author: visitor, parts: textParts('Spoken words') });
    await client.heard('transcript', 4);
    expect(client.of('transcript').map(({ role, text }) => [role, text])).toEqual([
      ['assistant', 'Hello!'],
      ['assistant', 'You said: Hi'],
      ['assistant', 'I am Ann.'],
      ['user', 'Spoken words'],
    ]);
  });

  it.each<[string, object | string, string]>([
    ['no JSON', '{"type":', 'bad_request'],
    ['nothing', '', 'bad_request'],
    ['an array', '[]', 'bad_request'],
    ['an unknown type', { type: 'destroy' }, 'bad_request'],
    ['no type', { text: 'Hello' }, 'bad_request'],
    ['a text that is none', { type: 'text', text: 5 }, 'bad_request'],
    ['an empty text', { type: 'text', text: ' \n' }, 'bad_request'],
    ['a NUL', '{"type":"text","text":"a\\u0000b"}', 'bad_request'],
    ['half a surrogate pair', '{"type":"text","text":"\\ud800"}', 'bad_request'],
    ['4,001 characters', { type: 'text', text: 'x'.repeat(4001) }, 'too_large'],
    ['a wrong key', { type: 'dtmf', digit: 'E' }, 'bad_request'],
    ['a key without a call', { type: 'dtmf', digit: '5' }, 'no_call'],
    ['10,000 levels', `{"type":"text","text":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'bad_request'],
  ])('is told what is wrong with %s, and goes on', async (_what, frame, code) => {
    const { client } = await bench.ready();
    await client.heard('transcript');
    const before = bench.turns.length;
    expect(await client.answerTo(frame)).toMatchObject({ type: 'error', code, message: expect.any(String) });
    expect(await client.answerTo({ type: 'ping' })).toEqual({ type: 'pong' });
    expect(bench.turns).toHaveLength(before);
    expect(client.closed).toBeNull();
  });

  it('takes 4,000 characters', async () => {
    const { client } = await bench.ready();
    client.send({ type: 'text', text: 'x'.repeat(4000) });
    await client.heard('transcript', 2);
    expect(bench.turns.at(-1)?.text).toHaveLength(4000);
  });

  it.each<[string, Buffer, number]>([
    ['an odd frame', Buffer.alloc(641), 1003],
    ['an empty frame', Buffer.alloc(0), 1003],
    ['more than a megabyte of sound', Buffer.alloc(1024 * 1024 + 2), 1009],
  ])('is closed over %s', async (_what, frame, code) => {
    const { client } = await bench.ready();
    client.send(frame);
    expect((await client.ended()).code).toBe(code);
  });

  it('is closed over more than a megabyte of text', async () => {
    const { client } = await bench.ready();
    client.send({ type: 'text', text: 'x'.repeat(1024 * 1024) });
    expect((await client.ended()).code).toBe(1009);
  });

  it.each<[string, string, Record<string, string>, number]>([
    ['another origin', '/ws/flow/flow_one', { origin: 'https://evil.example' }, 4403],
    ['no origin', '/ws/flow/flow_one', {}, 4403],
    ['a wrong token', '/ws/flow/flow_one?session=wrong', { origin: site }, 4401],
    ['an empty token', '/ws/flow/flow_one?session=', { origin: site }, 4401],
    ['a giant token', `/ws/flow/flow_one?session=${'x'.repeat(4000)}`, {}, 4401],
    ['a giant origin', '/ws/flow/flow_one', { origin: `https://${'x'.repeat(4000)}.example` }, 4403],
    ['another flow', '/ws/flow/flow_two', { origin: site }, 4404],
    ['no flow', "/ws/flow/';--", { origin: site }, 4404],
    ['a refusal', '/ws/flow/flow_broken', { origin: site }, 4404],
  ])('is not let in with %s', async (_what, path, headers, code) => {
    const client = bench.connect({ path, headers });
    expect((await client.ended()).code).toBe(code);
    expect(client.frames).toEqual([]);
  });

  it('is let in once by a token, without an origin', async () => {
    bench.tokens.add('space_one.secret');
    const of = { path: '/ws/flow/flow_one?session=space_one.secret', headers: {} };
    await bench.connect(of).heard('ready');
    expect((await bench.connect(of).ended()).code).toBe(4401);
  });

  it.each(['/ws/flow', '/ws/flow/', '/ws/flow/a/b', '/ws/realtime', '//'])(
    'is nothing at %s',
    async (path) => {
      const client = bench.connect({ path });
      expect((await client.ended()).code).toBe(1006);
    },
  );

  it('is closed when it floods', async () => {
    const { client } = await bench.ready();
    for (let no = 0; no < 500; no += 1) client.send({ type: 'text', text: `flood ${no}` });
    expect((await client.ended()).code).toBe(4429);
    await sleep(200);
    expect(bench.turns.filter(({ text }) => text.startsWith('flood')).length).toBeLessThan(100);
  });

  it.each<[string, number | 'ping']>([
    ['frames that are none', 40],
    ['pings', 'ping'],
  ])('is closed when it floods with %s, and nothing is read any more', async (_what, kind) => {
    const { client } = await bench.ready();
    for (let no = 0; no < 40; no += 1) {
      if (kind === 'ping') client.socket.ping();
      else client.send('{');
    }
    expect((await client.ended()).code).toBe(4429);
    expect(client.of('error').length).toBeLessThanOrEqual(30);
  });

  it('is one of so many from an address', async () => {
    const address = { origin: site, 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
    const clients = Array.from({ length: 32 }, () => bench.connect({ headers: address }));
    await until('two are closed', () => clients.filter(({ closed }) => closed?.code === 4429).length === 2);
    await until('the others are in', () => clients.filter((one) => one.of('ready').length > 0).length === 30);
    await bench.connect().heard('ready');
    clients.find(({ closed }) => !closed)?.socket.terminate();
    await sleep(50);
    await bench.connect({ headers: address }).heard('ready');
  });

  it('works as the embed snippet is printed', async () => {
    bench.tokens.add('space_one.snippet');
    const url = `${bench.url}/ws/flow/flow_one?session=space_one.snippet`;
    const ws = runSnippet(url);
    const heard: { type: string; role?: string; text?: string }[] = [];
    ws.onmessage = ({ data }) => void (typeof data === 'string' && heard.push(JSON.parse(data) as never));
    ws.onopen = () => ws.send(JSON.stringify({ type: 'text', text: 'Hello' }));
    await until('the answer', () => heard.some(({ text }) => text === 'You said: Hello'));
    expect(heard.filter(({ type }) => type === 'transcript')).toHaveLength(2);
    expect(heard.every(({ type, role }) => type !== 'transcript' || role === 'assistant')).toBe(true);
    ws.close();
  });
});

/** The embed snippet word for word; only the address is another. */
function runSnippet(url: string): globalThis.WebSocket {
  const snippet = `
    const ws = new WebSocket("wss://parley.example/ws/flow/YOUR_FLOW_ID");
    ws.binaryType = "arraybuffer";
    // Send voice: raw PCM Int16 16kHz audio
    // Send text: JSON { type: "text", text: "Hello" }
    // Receive audio: binary PCM 24kHz
    // Receive events: JSON { type: "transcript", role: "assistant", text: "..." }
  `.replace('wss://parley.example/ws/flow/YOUR_FLOW_ID', url);
  return new Function('WebSocket', `${snippet}; return ws;`)(globalThis.WebSocket) as globalThis.WebSocket;
}

describe('Sessions of pages', () => {
  it('are so many of one channel at once and in a minute; whoever has a token comes in all the same', async () => {
    const bench = await openBridgeBench();
    await bench.start({ BRIDGE_MAX_SESSIONS_PER_CHANNEL: 2, BRIDGE_SESSIONS_PER_MINUTE_PER_CHANNEL: 4 });
    const [{ client: one }] = [await bench.ready(), await bench.ready()];
    expect(await bench.connect().ended()).toEqual({
      code: 4429,
      reason: expect.stringContaining('The channel has too many sessions'),
    });
    one.socket.close();
    await one.ended();
    await bench.ready();
    bench.leave();
    await sleep(50);
    // The fifth in this minute.
    expect((await bench.connect().ended()).code).toBe(4429);
    bench.tokens.add('space_one.vouched');
    await bench.connect({ path: '/ws/flow/flow_one?session=space_one.vouched' }).heard('ready');
    await bench.close();
  });

  it('may be asked for so often in a minute from one address, whether or not they are let in', async () => {
    const bench = await openBridgeBench();
    await bench.start({ BRIDGE_SESSIONS_PER_MINUTE_PER_ADDRESS: 3 });
    for (const path of ['/ws/flow/flow_two', '/ws/flow/flow_two', '/ws/flow/flow_two'])
      expect((await bench.connect({ path }).ended()).code).toBe(4404);
    const asked = bench.admissions.length;
    expect((await bench.connect().ended()).code).toBe(4429);
    expect(bench.admissions).toHaveLength(asked);
    await bench.connect({ headers: { origin: site, 'x-forwarded-for': '203.0.113.7' } }).heard('ready');
    await bench.close();
  });
});

describe('A session that is silent', () => {
  it('is asked whether it is there, kept while it answers, and ended when it does not', async () => {
    const bench = await openBridgeBench();
    await bench.start({ BRIDGE_IDLE_MS: 200 });
    const polite = bench.connect();
    const mute = bench.connect({ autoPong: false });
    await until('the mute one is ended', () => mute.closed);
    await until('both were asked', () => polite.pings >= 2 && mute.pings === 1);
    expect(mute.closed?.code).toBe(1006);
    expect(polite.closed).toBeNull();
    await bench.close();
  });
});

describe('A session without speech', () => {
  it('is told so once, and goes on by text', async () => {
    const bench = await openBridgeBench();
    bench.rooms.isOn = false;
    await bench.start();
    const { client } = await bench.ready();
    for (let no = 0; no < 20; no += 1) client.send(tone(20));
    client.send({ type: 'text', text: 'Still there?' });
    await until('the answer', () => client.of('transcript').some(({ text }) => text.startsWith('You said')));
    expect(client.of('error')).toEqual([
      { type: 'error', code: 'voice_off', message: expect.stringContaining('Text goes on') },
    ]);
    expect(bench.started).toEqual([]);
    await bench.close();
  });
});
