import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@parley/client';
import {
  type Call,
  deleteContact,
  getCallTimeline,
  getAsset,
  getConversation,
  hangUpCall,
  listCalls,
  listRecordings,
  type Message,
  postMessage,
  type Recording,
  signIn,
  updateSpace,
} from '@parley/contracts';
import { rms, synthesize, until } from '@parley/testing';
import {
  documentationSentences,
  SpeechRecogniser,
  PHONE_RATE,
  type PhoneCaller,
} from '@parley/testing/voice';
import { clientOf, type Demo } from '../demo.ts';
import { jobPid } from '../processes.ts';
import { OwnStack } from './own-stack.ts';
import { PhoneLine } from './phone-calls.ts';
import { recordingOf, type StereoRecording, storedOf } from './phone-recordings.ts';
import { inRealTime } from '../real-time.ts';
import { callOf, endedCall, historyOf, textOf, turnsOf } from '../spoken-calls.ts';

inRealTime();

const QUESTION = 'How do I add a channel?';
const CUT_IN = 'How long is an access token valid?';
/** Longest that an answer of a few sentences takes to be found and said to its end. */
const SPOKEN_MS = 30_000;
/** RMS of a line on which nobody speaks. */
const SILENT = 50;
/** A sound shorter than this does not cut the agent off. */
const CUT_MS = 300;
/** What is said before a call is recorded. */
const ANNOUNCEMENT = 'This call is recorded.';
const FROM = '+14155550101';

const say = (text: string): Promise<Int16Array> => synthesize(text, { sampleRate: PHONE_RATE });

describe('a caller at a telephone', () => {
  let stack: OwnStack;
  let demo: Demo;
  let client: Client;
  let hearing: SpeechRecogniser;
  let line: PhoneLine;
  let caller: PhoneCaller | undefined;

  beforeAll(async () => {
    // Carriers reach the stories' common stack nowhere.
    stack = await OwnStack.start({ MEDIA_MAX_STREAMS: '2' });
    ({ demo } = stack);
    client = clientOf(demo);
    hearing = new SpeechRecogniser();
    line = await PhoneLine.open(client, demo);
  }, 320_000);
  afterEach(() => caller?.stream.dropConnection());
  afterAll(async () => {
    await hearing.close();
    await line.carrier.close();
    await stack.stop();
  }, 60_000);

  async function newestCall(): Promise<Call> {
    return until('the call is answered', async () => {
      const filter = { spaceId: demo.spaceId, channelId: line.channel.id, limit: 1 };
      const [call] = (await client.call(listCalls, filter)).data;
      return call?.conversationId && call.phase !== 'ended' ? call : null;
    });
  }

  async function found(
    what: string,
    conversationId: string,
    look: (history: Message[]) => Message | undefined,
  ): Promise<Message> {
    return until(what, async () => look(await historyOf(client, demo, conversationId)), SPOKEN_MS);
  }

  it('is greeted, asks, cuts in, presses a key, hangs up, and is answered in writing afterwards', async () => {
    expect(line.channel.status).toBe('active');
    const began = performance.now();
    const rung = await line.ring(FROM);
    caller = rung.caller;
    const greeting = await caller.received.speechAfter(began);
    const { id: callId, conversationId: known, from, to, direction } = await newestCall();
    const conversationId = known ?? '';
    expect({ from, to, direction }).toEqual({ from: FROM, to: '+14155550199', direction: 'inbound' });
    const first = await found('the greeting', conversationId, ([one]) => one);
    const others = documentationSentences(24);
    const announced = `${ANNOUNCEMENT} ${textOf(first)}`;
    const choices = [announced, textOf(first), ...others];
    expect(await hearing.recognise(greeting.samples, PHONE_RATE, choices)).toBe(announced);

    const asked = await caller.speak(await say(QUESTION));
    const question = await found('the question', conversationId, (all) =>
      all.find(({ author }) => author.type === 'contact'),
    );
    expect(textOf(question)).toBe(QUESTION);
    while (caller.received.onsetAfter(asked) === null) await sleep(20);
    await sleep(1500);

    const sound = await say(CUT_IN);
    const cutIn = performance.now();
    const speaking = caller.speak(sound);
    const cut = await found('what was heard', conversationId, (all) =>
      all.find(({ speech }) => typeof speech?.interruptedAtMs === 'number'),
    );
    await speaking;
    expect(cut.replyTo).toBe(question.id);
    expect(cut.citations.length).toBeGreaterThan(0);
    expect(cut.speech?.generated.startsWith(cut.speech.spoken)).toBe(true);
    expect(cut.speech?.spoken.length).toBeLessThan(cut.speech?.generated.length ?? 0);
    const [cleared = Infinity] = caller.stream.clears.filter((at) => at > cutIn);
    expect(cleared - cutIn - CUT_MS).toBeLessThanOrEqual(400);
    // What was on its way is not heard either.
    expect(rms(caller.received.between(cleared + 100, cleared + 600))).toBeLessThan(SILENT);
    await found('the answer to what cut in', conversationId, (all) => {
      const second = all.find((one) => one.author.type === 'contact' && one.id !== question.id);
      return all.find(({ replyTo, speech }) => replyTo === second?.id && speech !== null);
    });

    caller.stream.sendDtmf('4');
    caller.stream.sendDtmf('2');
    caller.stream.sendDtmf('#');
    const typed = await found('the keys', conversationId, (all) => all.find((one) => textOf(one) === '42'));
    expect(typed.author.type).toBe('contact');
    await found('an answer to the keys', conversationId, (all) =>
      all.find(({ replyTo }) => replyTo === typed.id),
    );

    caller.stream.hangUp();
    const ended = await endedCall(client, demo, callId);
    expect(ended).toMatchObject({ cause: 'caller_left', conversationId });
    const status = { ...rung.fields, CallStatus: 'completed', SequenceNumber: '3' };
    for (const _time of [1, 2]) expect((await line.ask('/status', status)).status).toBe(200);
    const { phases } = await client.call(getCallTimeline, { spaceId: demo.spaceId, callId });
    expect(phases.map(({ phase }) => phase)).toEqual(['ringing', 'connected', 'active', 'ended']);
    const turns = await turnsOf(client, demo, callId);
    expect(turns.filter(({ latencyMs }) => latencyMs !== null).length).toBeGreaterThanOrEqual(2);

    const recording = await until('the recording is there', async () => {
      const { recordingAssetId } = await callOf(client, demo, callId);
      return recordingAssetId;
    });
    const asset = await client.call(getAsset, { spaceId: demo.spaceId, assetId: recording });
    expect(asset).toMatchObject({ conversationId, status: 'ready', incomplete: false, internal: true });

    await until('the conversation rests', async () => {
      const { status: now } = await client.call(getConversation, { spaceId: demo.spaceId, conversationId });
      return now === 'paused';
    });
    const parts = [{ type: 'text' as const, text: 'We sent you the guide.' }];
    await client.call(postMessage, { spaceId: demo.spaceId, conversationId, parts });
    const history = await historyOf(client, demo, conversationId);
    expect(textOf(history.at(-1))).toBe('We sent you the guide.');
    expect(history.map(({ sequence }) => sequence)).toEqual(
      history.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
  }, 120_000);

  /** A call that is being recorded; whoever calls has been greeted. */
  async function recordedCall(from: string): Promise<{ call: Call; assetId: string; rung: PhoneCaller }> {
    const began = performance.now();
    const { caller: rung } = await line.ring(from);
    caller = rung;
    const call = await newestCall();
    await rung.received.speechAfter(began);
    const [recording] = await recordingsOf(call.id);
    expect(recording).toMatchObject({ status: 'recording', statusReason: null });
    return { call, assetId: recording?.assetId ?? '', rung };
  }

  const recordingsOf = async (callId: string): Promise<Recording[]> =>
    (await client.call(listRecordings, { spaceId: demo.spaceId, callId })).data;

  async function whole(callId: string, count: number): Promise<Recording[]> {
    return until(
      'the recordings are there',
      async () => {
        const all = await recordingsOf(callId);
        return all.length === count && all.every(({ status }) => status === 'ready') ? all : null;
      },
      40_000,
    );
  }

  async function download(assetId: string | null): Promise<StereoRecording> {
    const found = await recordingOf(demo, assetId ?? '', demo.apiKey);
    if (typeof found === 'number') throw new Error(`The recording cannot be fetched: ${found}.`);
    return found;
  }

  it('is recorded, the caller left and the agent right, and what was said so far lies in S3', async () => {
    const { call, assetId, rung } = await recordedCall('+14155550104');
    const sound = await say(QUESTION);
    const growths: number[] = [];
    let stored = 0;
    const look = setInterval(() => {
      const now = storedOf(stack.home, demo, assetId);
      if (now > stored) growths.push(performance.now());
      stored = now;
    }, 100);
    const from = performance.now();
    const to = await rung.speak(sound);
    await rung.received.speechAfter(to);
    await sleep(6000);
    clearInterval(look);
    const pauses = [...growths, performance.now()].map((at, no) => at - (growths[no - 1] ?? from));
    expect(growths.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...pauses)).toBeLessThan(5000);
    rung.stream.hangUp();
    const [recording] = await whole(call.id, 1);
    expect(recording).toMatchObject({ assetId, statusReason: null, incomplete: false });
    const { caller: left, agent: right, seconds } = await download(assetId);
    const said = (to - from) / 1000;
    expect(left.length / 100).toBeGreaterThan(0.4 * said);
    expect((Math.max(...left) - Math.min(...left)) / 1000).toBeLessThan(said + 0.3);
    // The agent is silent while the caller speaks, greets before and answers afterwards.
    expect(right.filter((at) => at >= Math.min(...left) && at <= Math.max(...left))).toEqual([]);
    expect(right.some((at) => at < Math.min(...left))).toBe(true);
    expect(right.some((at) => at > Math.max(...left))).toBe(true);
    const { endedAt } = await callOf(client, demo, call.id);
    const lasted = (Date.parse(endedAt ?? '') - Date.parse(recording?.startedAt ?? '')) / 1000;
    expect(Math.abs(seconds - lasted)).toBeLessThan(1.5);
    expect(await recordingOf(demo, assetId, demo.other.apiKey)).toBe(404);
    const stranger = createClient({ baseUrl: demo.baseUrl, token: demo.other.apiKey });
    const asked = stranger.call(listRecordings, { spaceId: demo.spaceId, callId: call.id });
    await expect(asked).rejects.toMatchObject({ status: 404 });
  }, 120_000);

  it('keeps what a job had recorded that was killed, marked, and goes on in another file', async () => {
    const { call, assetId, rung } = await recordedCall('+14155550105');
    const before = await rung.speak(await say(QUESTION));
    await rung.received.speechAfter(before);
    await sleep(4000);
    process.kill(jobPid(stack.pidOf('voice-agent')), 'SIGKILL');
    await until('the next job records', async () => (await recordingsOf(call.id)).length === 2, 20_000);
    const again = await rung.speak(await say(CUT_IN));
    await rung.received.speechAfter(again);
    rung.stream.hangUp();
    const [second, first] = await whole(call.id, 2);
    expect(first).toMatchObject({ assetId, statusReason: 'agent_lost', incomplete: true });
    expect(second).toMatchObject({ statusReason: null, incomplete: false });
    expect((await callOf(client, demo, call.id)).recordingAssetId).toBe(second?.assetId);
    const asset = await client.call(getAsset, { spaceId: demo.spaceId, assetId });
    expect(asset).toMatchObject({ status: 'ready', incomplete: true });
    const files = [first?.assetId ?? '', second?.assetId ?? ''];
    for (const one of [first, second]) {
      const kept = await download(one?.assetId ?? null);
      expect(kept.caller.length / 100).toBeGreaterThan(0.5);
      expect(kept.agent.length / 100).toBeGreaterThan(0.3);
    }
    // Whoever is erased takes all of them along.
    const place = { spaceId: demo.spaceId, conversationId: call.conversationId ?? '' };
    const { contactId } = await client.call(getConversation, place);
    await client.call(deleteContact, { spaceId: demo.spaceId, contactId: contactId ?? '' });
    await until('the recordings are gone', async () => {
      const all = await recordingsOf(call.id);
      return all.every(({ status, statusReason }) => status === 'deleted' && statusReason === 'erasure');
    });
    for (const file of files)
      await until('the file is gone', async () => (await recordingOf(demo, file, demo.apiKey)) === 404);
  }, 120_000);

  it('is neither told of a recording nor recorded where the space has turned them off', async () => {
    const { accessToken } = await createClient({ baseUrl: demo.baseUrl }).call(signIn, demo.owner);
    const owner = createClient({ baseUrl: demo.baseUrl, token: accessToken });
    const consent = (recordingConsent: 'announcement' | 'off') =>
      owner.call(updateSpace, { spaceId: demo.spaceId, settings: { recordingConsent } });
    await consent('off');
    await sleep(1000);
    const began = performance.now();
    const { caller: rung } = await line.ring('+14155550106');
    caller = rung;
    const { id, conversationId } = await newestCall();
    const greeting = await rung.received.speechAfter(began);
    const first = await found('the greeting', conversationId ?? '', ([one]) => one);
    const choices = [`${ANNOUNCEMENT} ${textOf(first)}`, textOf(first), ...documentationSentences(24)];
    expect(await hearing.recognise(greeting.samples, PHONE_RATE, choices)).toBe(textOf(first));
    await sleep(4000);
    rung.stream.hangUp();
    await until('the call has ended', async () => (await callOf(client, demo, id)).phase === 'ended');
    expect(await recordingsOf(id)).toEqual([]);
    expect((await callOf(client, demo, id)).recordingAssetId).toBeNull();
    await consent('announcement');
  }, 60_000);

  it('is hung up on when the API ends the call, and when the line is cut the call ends', async () => {
    caller = (await line.ring('+14155550102')).caller;
    const first = await newestCall();
    await client.call(hangUpCall, { spaceId: demo.spaceId, callId: first.id });
    expect(await caller.stream.closed).toBe(1000);
    caller = (await line.ring('+14155550103')).caller;
    const second = await newestCall();
    caller.stream.dropConnection();
    const ended = await endedCall(client, demo, second.id);
    expect(ended.cause).toBe('connection_lost');
  }, 60_000);

  it('is found as missed, in a conversation of its own, when all lines are busy', async () => {
    const busy = ['+14155550104', '+14155550105'];
    const lines = [];
    for (const from of busy) {
      lines.push((await line.ring(from)).caller.stream);
      await newestCall();
    }
    const from = '+14155550106';
    caller = (await line.ring(from)).caller;
    const { spaceId } = demo;
    const missed = await until('the missed call', async () => {
      const filter = { spaceId, channelId: line.channel.id, phase: 'ended' as const, limit: 1 };
      const [call] = (await client.call(listCalls, filter)).data;
      return call?.from === from && call.conversationId !== null && call;
    });
    expect(missed).toMatchObject({ cause: 'busy', answeredAt: null, direction: 'inbound' });
    const conversationId = missed.conversationId ?? '';
    const conversation = await until('the conversation rests', async () => {
      const found = await client.call(getConversation, { spaceId, conversationId });
      return found.status === 'paused' && found;
    });
    expect(conversation.participants.map(({ name }) => name)).toContain(from);
    for (const one of lines) one.dropConnection();
  }, 60_000);
});
