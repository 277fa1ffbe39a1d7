import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@parley/client';
import {
  type Call,
  getCallTimeline,
  getAsset,
  getConversation,
  hangUpCall,
  listCalls,
  type Message,
  postMessage,
} from '@parley/contracts';
import { rms, synthesize, until } from '@parley/testing';
import { documentationSentences, Hearing, PHONE_RATE, type PhoneCaller } from '@parley/testing/voice';
import { clientOf, type Demo } from '../demo.ts';
import { OwnStack } from './own-stack.ts';
import { PhoneLine, recordingOf } from './phone-calls.ts';
import { inRealTime } from '../real-time.ts';
import { callOf, historyOf, textOf, turnsOf } from '../spoken-calls.ts';

inRealTime();

const QUESTION = 'How do I add a channel?';
const CUT_IN = 'How long is an access token valid?';
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
  let hearing: Hearing;
  let line: PhoneLine;
  let caller: PhoneCaller | undefined;

  beforeAll(async () => {
    // Carriers reach the stories' common stack nowhere.
    stack = await OwnStack.start();
    ({ demo } = stack);
    client = clientOf(demo);
    hearing = new Hearing();
    line = await PhoneLine.open(client, demo);
  }, 320_000);
  afterEach(() => caller?.line.cut());
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
    return until(what, async () => look(await historyOf(client, demo, conversationId)));
  }

  it('is greeted, asks, cuts in, presses a key, hangs up, and is answered in writing afterwards', async () => {
    expect(line.channel.status).toBe('active');
    const began = performance.now();
    const rung = await line.ring(FROM);
    caller = rung.caller;
    const greeting = await caller.heard.speechAfter(began);
    const { id: callId, conversationId: known, from, to, direction } = await newestCall();
    const conversationId = known ?? '';
    expect({ from, to, direction }).toEqual({ from: FROM, to: '+14155550199', direction: 'inbound' });
    const first = await found('the greeting', conversationId, ([one]) => one);
    const others = documentationSentences(24);
    const announced = `${ANNOUNCEMENT} ${textOf(first)}`;
    const choices = [announced, textOf(first), ...others];
    expect(await hearing.recognise(greeting.samples, PHONE_RATE, choices)).toBe(announced);

    const asked = await caller.say(await say(QUESTION));
    const question = await found('the question', conversationId, (all) =>
      all.find(({ author }) => author.type === 'contact'),
    );
    expect(textOf(question)).toBe(QUESTION);
    while (caller.heard.onsetAfter(asked) === null) await sleep(20);
    await sleep(1500);

    const sound = await say(CUT_IN);
    const cutIn = performance.now();
    const speaking = caller.say(sound);
    const cut = await found('what was heard', conversationId, (all) =>
      all.find(({ speech }) => typeof speech?.interruptedAtMs === 'number'),
    );
    await speaking;
    expect(cut.replyTo).toBe(question.id);
    expect(cut.citations.length).toBeGreaterThan(0);
    expect(cut.speech?.generated.startsWith(cut.speech.spoken)).toBe(true);
    expect(cut.speech?.spoken.length).toBeLessThan(cut.speech?.generated.length ?? 0);
    const [cleared = Infinity] = caller.line.clears.filter((at) => at > cutIn);
    expect(cleared - cutIn - CUT_MS).toBeLessThanOrEqual(400);
    // What was on its way is not heard either.
    expect(rms(caller.heard.between(cleared + 100, cleared + 600))).toBeLessThan(SILENT);
    await found('the answer to what cut in', conversationId, (all) => {
      const second = all.find((one) => one.author.type === 'contact' && one.id !== question.id);
      return all.find(({ replyTo, speech }) => replyTo === second?.id && speech !== null);
    });

    caller.line.press('4');
    caller.line.press('2');
    caller.line.press('#');
    const typed = await found('the keys', conversationId, (all) => all.find((one) => textOf(one) === '42'));
    expect(typed.author.type).toBe('contact');
    await found('an answer to the keys', conversationId, (all) =>
      all.find(({ replyTo }) => replyTo === typed.id),
    );

    caller.line.hangUp();
    const ended = await until('the call has ended', async () => {
      const call = await callOf(client, demo, callId);
      return call.phase === 'ended' ? call : null;
    });
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
    const { sides, seconds } = await recordingOf(demo, recording);
    for (const loud of sides) expect(loud).toBeGreaterThan(0.5);
    expect(seconds).toBeGreaterThan(10);
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

  it('is hung up on when the API ends the call, and when the line is cut the call ends', async () => {
    caller = (await line.ring('+14155550102')).caller;
    const first = await newestCall();
    await client.call(hangUpCall, { spaceId: demo.spaceId, callId: first.id });
    expect(await caller.line.closed).toBe(1000);
    caller = (await line.ring('+14155550103')).caller;
    const second = await newestCall();
    caller.line.cut();
    const ended = await until('the call has ended', async () => {
      const call = await callOf(client, demo, second.id);
      return call.phase === 'ended' ? call : null;
    });
    expect(ended.cause).toBe('connection_lost');
  }, 60_000);
});
