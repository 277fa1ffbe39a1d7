import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from '@parley/contracts';
import { TwilioMediaClient, until } from '@parley/testing';
import { documentationSentences, SpeechRecogniser, PHONE_RATE } from '@parley/testing/voice';
import { WebSocket } from 'ws';
import { type BridgeBench, openBridgeBench, type PlayedRooms } from '../../test/bridge-bench.ts';
import { fromMulaw, toMulaw } from './mulaw.ts';

type Joined = PlayedRooms['joined'][number];

const accountSid = `AC${'0'.repeat(32)}`;
const PATH = '/ws/media/twilio/chan_calls';
const sound = (length: number, value = 4000): Int16Array => new Int16Array(length).fill(value);
const peak = (samples: Int16Array): number => Math.max(0, ...samples.map(Math.abs));

const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
const startOf = (token: string, callSid: string, change: object = {}): object => ({
  event: 'start',
  streamSid: 'MZ1',
  start: { accountSid, callSid, customParameters: { token }, mediaFormat, ...change },
});
const BUSY = 'All lines are busy at the moment. Please call again in a few minutes. Goodbye.';
/** Longer than an agent needs to come. */
const UNANSWERED_MS = 5200;
const media = { event: 'media', streamSid: 'MZ1', media: { track: 'inbound', payload: 'AAAA' } };

describe("A carrier's media stream", () => {
  let bench: BridgeBench;
  let number = 0;
  const callers: TwilioMediaClient[] = [];
  const raws: WebSocket[] = [];

  beforeAll(async () => {
    bench = await openBridgeBench();
    await bench.start();
  });
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.dropConnection();
    for (const raw of raws.splice(0)) raw.terminate();
    await until('all calls are over', () =>
      bench.started.every(({ callId }) => bench.calls.some((call) => call.callId === callId)),
    );
  });
  afterAll(() => bench.close());

  function ticket(): { token: string; callSid: string } {
    number += 1;
    const [token, callSid] = [`token-${number}`, `CA${String(number).padStart(32, '0')}`];
    bench.tokens.add(token);
    return { token, callSid };
  }

  async function dial(of: Partial<{ token: string; callSid: string; path: string }> = {}): Promise<{
    caller: TwilioMediaClient;
    callSid: string;
  }> {
    const { token, callSid, path = PATH } = { ...ticket(), ...of };
    const caller = await TwilioMediaClient.open({
      ...{ url: `${bench.url}${path}`, accountSid, callSid },
      parameters: { token },
    });
    callers.push(caller);
    return { caller, callSid };
  }

  async function talk(): Promise<{ caller: TwilioMediaClient; place: Joined; callSid: string }> {
    const before = bench.rooms.joined.length;
    const { caller, callSid } = await dial();
    const place = await until('the room is joined', () => bench.rooms.joined[before]);
    await sleep(20);
    return { caller, place, callSid };
  }

  async function raw(
    frames: (object | string | Buffer)[],
    path = PATH,
  ): Promise<{ closed: Promise<number> }> {
    const socket = new WebSocket(`${bench.url}${path}`);
    raws.push(socket);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    for (const frame of frames)
      socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
    return { closed };
  }

  /** What a caller was told in words. */
  async function sentenceOf(caller: TwilioMediaClient, since: number): Promise<string | null> {
    const hearing = new SpeechRecogniser();
    const heard = fromMulaw(caller.playedSince(since));
    const sentence = await hearing.recognise(heard, PHONE_RATE, [BUSY, ...documentationSentences(24)]);
    await hearing.close();
    return sentence;
  }

  const causeOf = (callId: string | undefined): string | undefined =>
    bench.calls.find((call) => call.callId === callId)?.cause;

  it('starts a call with numbers, carrier id and attributes, once it is let in', async () => {
    const { callSid, place } = await talk();
    const call = bench.started.at(-1);
    expect(bench.streams.at(-1)).toMatchObject({ channelId: 'chan_calls', callSid });
    expect(call).toMatchObject({
      ...{ spaceId: 'space_one', channelId: 'chan_calls', deploymentType: 'CALLS', direction: 'inbound' },
      ...{ sender: { id: '+14155550101', name: null }, contactId: null, conversationId: null },
      providerCallId: callSid,
      attributes: {
        'sip.phoneNumber': '+14155550101',
        'sip.trunkPhoneNumber': '+14155550199',
        'sip.callID': callSid,
      },
    });
    expect(place.token).toBe(`token-${call?.callId}`);
  });

  it('carries sound both ways in its order, in frames of 20 ms', async () => {
    const { caller, place } = await talk();
    const wave = Int16Array.from({ length: 8000 }, (_, at) =>
      Math.round(8000 * Math.sin((2 * Math.PI * 440 * at) / 8000)),
    );
    const heard: number[] = [];
    void (async () => {
      for (let piece = await place.audio.hear(); piece; piece = await place.audio.hear())
        heard.push(...piece);
    })();
    await caller.sendAudio(toMulaw(wave));
    const from = await until('the agent hears it', () => {
      const first = heard.findIndex((sample) => sample !== 0);
      return heard.length > first + 7900 ? first : null;
    });
    const through = [...fromMulaw(toMulaw(wave))].slice(1, 7900);
    expect(heard.slice(from, from + 7899)).toEqual(through);

    const began = performance.now();
    for (let at = 0; at < wave.length; at += 160) {
      place.audio.play(wave.subarray(at, at + 160));
      await sleep(10);
    }
    await until('the caller hears it', () => caller.playedSince(began).length >= 8000);
    expect([...fromMulaw(caller.playedSince(began))].slice(0, 8000)).toEqual([...fromMulaw(toMulaw(wave))]);
    expect(caller.played.every(({ bytes }) => bytes.length === 160)).toBe(true);
    expect(caller.rejectedMessages).toEqual([]);
  });

  it('is cleared at once when the agent is cut, and what was still on its way is not heard', async () => {
    const { caller, place } = await talk();
    for (let no = 0; no < 100; no += 1) place.audio.play(sound(160));
    await until('the caller hears it', () => caller.played.length > 5);
    const cut = performance.now();
    place.audio.clear();
    for (let no = 0; no < 5; no += 1) place.audio.play(sound(160));
    await until('clear', () => caller.clears[0]);
    expect((caller.clears[0] ?? 0) - cut).toBeLessThan(100);
    await sleep(100);
    expect(peak(fromMulaw(caller.playedSince((caller.clears[0] ?? 0) + 40)))).toBe(0);
    // What is said next is heard whole: silence stands before it.
    place.audio.play(sound(160, 0));
    const next = performance.now();
    place.audio.play(sound(1600));
    await until('the next words', () => caller.playedSince(next).length >= 1600);
  });

  it("carries the caller's keys into the room, and the agent's keys as tones", async () => {
    const { caller, place } = await talk();
    await until('the caller is in', () => bench.rooms.joined.includes(place));
    for (const key of '12#') caller.sendDtmf(key);
    await until('the keys', () => place.keys.join('') === '12#');
    const before = performance.now();
    place.audio.dtmf('5');
    await until('a tone', () => caller.playedSince(before).length >= 960);
    expect(peak(fromMulaw(caller.playedSince(before)))).toBeGreaterThan(8000);
  });

  it('ends as the caller says: by stop once, by a cut line', async () => {
    const first = await talk();
    const [one] = bench.started.slice(-1);
    first.caller.hangUp();
    first.caller.hangUp();
    await until('it is over', () => causeOf(one?.callId));
    expect(causeOf(one?.callId)).toBe('caller_left');
    expect(first.place.left).toBe(true);
    const second = await talk();
    const [two] = bench.started.slice(-1);
    let answer = (): void => undefined;
    bench.endGate = new Promise((resolve) => {
      answer = resolve;
    });
    second.caller.dropConnection();
    await until('it is over', () => causeOf(two?.callId));
    expect(causeOf(two?.callId)).toBe('connection_lost');
    await sleep(50);
    // Leaving looks like hanging up: the room is left once it is known that it was none.
    expect(second.place.left).toBe(false);
    answer();
    await until('the room is left', () => second.place.left);
    expect(bench.calls.filter(({ callId }) => callId === one?.callId)).toHaveLength(1);
  });

  it('is closed by the platform when the room ends, after the last words', async () => {
    const { caller, place } = await talk();
    const [call] = bench.started.slice(-1);
    const began = performance.now();
    for (let no = 0; no < 25; no += 1) place.audio.play(sound(160));
    await sleep(10);
    place.audio.end('call_ended');
    expect(await caller.closed).toBe(1000);
    expect(caller.playedSince(began).length).toBeGreaterThanOrEqual(25 * 160);
    bench.calls.push({ callId: call?.callId ?? '', spaceId: 'space_one', cause: 'agent_hung_up' });
  });

  it('refuses a second stream of the same call', async () => {
    const { token, callSid } = ticket();
    const { caller } = await dial({ token, callSid });
    await until('it is started', () => bench.started.some((one) => one.providerCallId === callSid));
    const again = await dial({ token, callSid });
    expect(await again.caller.closed).toBe(4401);
    expect(bench.started.filter((one) => one.providerCallId === callSid)).toHaveLength(1);
    expect(caller.rejectedMessages).toEqual([]);
  });

  it('tells whom no agent has answered, after a while, that all lines are busy', async () => {
    const began = performance.now();
    const { caller, place } = await talk();
    const [call] = bench.started.slice(-1);
    await sleep(UNANSWERED_MS);
    place.audio.end('call_ended');
    expect(await caller.closed).toBe(1000);
    expect(await sentenceOf(caller, began)).toBe(BUSY);
    bench.calls.push({ callId: call?.callId ?? '', spaceId: 'space_one', cause: 'no_agent' });
  }, 30_000);

  it('tells by a spoken sentence that all lines are busy', async () => {
    await talk();
    await talk();
    const began = performance.now();
    const before = bench.started.length;
    const { caller, callSid } = await dial();
    expect(await caller.closed).toBe(1000);
    expect(await sentenceOf(caller, began)).toBe(BUSY);
    expect(bench.started).toHaveLength(before);
    expect(bench.missed.filter(({ providerCallId }) => providerCallId === callSid)).toEqual([
      {
        ...{ spaceId: 'space_one', channelId: 'chan_calls', deploymentType: 'CALLS', direction: 'inbound' },
        ...{ sender: { id: '+14155550101', name: null }, contactId: null, conversationId: null },
        ...{ target: { flowId: 'flow_one' }, targetName: 'Pia', language: 'en', afterSequence: null },
        callId: expect.stringMatching(/^call_/) as string,
        ...{ providerCallId: callSid, cause: 'busy' },
      },
    ]);
  }, 30_000);

  it('reports a caller as missed whose call could not be started', async () => {
    const { issue } = bench;
    bench.issue = () => Promise.reject(unavailable('LiveKit does not answer.'));
    const { callSid } = await dial();
    const missed = await until('the report', () =>
      bench.missed.find(({ providerCallId }) => providerCallId === callSid),
    );
    bench.issue = issue;
    const [call] = bench.started.slice(-1);
    expect(missed).toMatchObject({ callId: call?.callId, cause: 'failed', direction: 'inbound' });
    bench.calls.push({ callId: missed.callId, spaceId: 'space_one', cause: 'failed' });
  });

  it('reports no call as missed that another stream carries', async () => {
    const { token, callSid } = ticket();
    await dial({ token, callSid });
    await until('it is started', () => bench.started.some((one) => one.providerCallId === callSid));
    const again = await dial({ token, callSid });
    expect(await again.caller.closed).toBe(4401);
    expect(bench.missed.filter(({ providerCallId }) => providerCallId === callSid)).toEqual([]);
  });

  it.each<[string, object, number]>([
    ['a wrong token', { token: 'wrong' }, 4401],
    ['no token', { token: '' }, 4401],
    ['a giant token', { token: 'x'.repeat(2000) }, 4401],
    ['an inactive channel', { token: 'inactive' }, 4403],
    ['an unknown channel', { path: '/ws/media/twilio/chan_none' }, 4404],
    ['a channel that the gateway refuses to look for', { path: '/ws/media/twilio/chan_broken' }, 4404],
  ])('refuses %s', async (_what, of, code) => {
    const before = bench.started.length;
    const { caller } = await dial(of);
    expect(await caller.closed).toBe(code);
    expect(bench.started).toHaveLength(before);
  });

  it.each<[string, (object | string | Buffer)[], number]>([
    ['media before start', [{ event: 'connected' }, media], 4400],
    ['a stop before start', [{ event: 'stop', streamSid: 'MZ1' }], 4400],
    ['malformed JSON', ['{"event":'], 4400],
    ['no event', ['[]'], 4400],
    ['bytes', [Buffer.alloc(160)], 4400],
    ['more than 64 kB', ['x'.repeat(65 * 1024)], 1009],
    [
      'another encoding',
      [startOf('t', 'CA1', { mediaFormat: { ...mediaFormat, encoding: 'audio/opus' } })],
      4400,
    ],
    ['another rate', [startOf('t', 'CA1', { mediaFormat: { ...mediaFormat, sampleRate: 16_000 } })], 4400],
    ['a start without a call', [startOf('t', '')], 4400],
  ])('is closed over %s', async (_what, frames, code) => {
    const before = bench.streams.length;
    expect(await (await raw(frames)).closed).toBe(code);
    expect(bench.streams).toHaveLength(before);
  });

  it('passes over what is no frame once it talks, and over a second start', async () => {
    const { token, callSid } = ticket();
    const before = bench.rooms.joined.length;
    const wrong = ['{', startOf(token, callSid), { ...media, streamSid: 'MZ2' }, { event: 'destroy' }];
    const { closed } = await raw([{ event: 'connected' }, startOf(token, callSid), ...wrong, media]);
    const place = await until('the room is joined', () => bench.rooms.joined[before]);
    expect((await place.audio.hear())?.length).toBe(3);
    expect(bench.started.filter((one) => one.providerCallId === callSid)).toHaveLength(1);
    raws.at(-1)?.send(JSON.stringify({ event: 'stop', streamSid: 'MZ1' }));
    expect(await closed).toBe(1000);
  });

  it('waits five seconds for a start, and no longer', async () => {
    const began = performance.now();
    const { closed } = await raw([{ event: 'connected', protocol: 'Call', version: '1.0.0' }]);
    expect(await closed).toBe(4408);
    expect(performance.now() - began).toBeGreaterThan(4900);
    expect(performance.now() - began).toBeLessThan(6000);
  }, 10_000);
});
