import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@parley/client';
import {
  type Call,
  type CallJob,
  getCallTimeline,
  getConversation,
  listCalls,
  type Message,
  newId,
} from '@parley/contracts';
import { type OtlpCollector, startOtlpCollector, synthesize, until } from '@parley/testing';
import { Caller, PHONE_RATE, type PhoneCaller } from '@parley/testing/voice';
import { AccessToken, RoomAgentDispatch, RoomConfiguration } from 'livekit-server-sdk';
import { clientOf, type Demo } from '../demo.ts';
import { allReady, jobPid, servicesIn } from '../processes.ts';
import { inRealTime } from '../real-time.ts';
import { callOf, endedCall, historyOf, textOf } from '../spoken-calls.ts';
import { OwnStack } from './own-stack.ts';
import { Canaries, toldBy } from './canaries.ts';
import { chat, handOffByMail, sendFile, setUpWrongly, signInAndOut } from './canary-acts.ts';
import { OWN_NUMBER, PhoneLine } from './phone-calls.ts';

inRealTime();

/** Its answer, that nothing is known of it, is the shortest to listen to. */
const QUESTION = 'Which colour has the moon base cafeteria?';
/** What the numbers of callers begin with. */
const CALLERS = '+141555502';
/** A line may be silent for as long when something dies behind it. */
const PATIENCE_MS = 15_000;
/** A call whose line is gone has ended by then, whoever of those that could tell is gone as well. */
const END_MS = 20_000;

/** A call in progress. */
interface Talk {
  caller: PhoneCaller;
  callId: string;
  conversationId: string;
  /** Of its stream. */
  token: string;
}

describe('a telephone call in which something dies', () => {
  let collector: OtlpCollector;
  let stack: OwnStack;
  let demo: Demo;
  let client: Client;
  let line: PhoneLine;
  let sound: Int16Array;
  let talk: Talk | undefined;
  let calls = 0;

  beforeAll(async () => {
    collector = await startOtlpCollector();
    // As much is logged as can be.
    stack = await OwnStack.start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      LOG_LEVEL: 'trace',
      SIGN_UP: 'open',
    });
    ({ demo } = stack);
    client = clientOf(demo);
    line = await PhoneLine.open(client, demo);
    sound = await synthesize(QUESTION, { sampleRate: PHONE_RATE });
  }, 320_000);
  afterEach(async () => {
    talk?.caller.stream.dropConnection();
    await allReady(demo.baseUrl);
  }, 40_000);
  afterAll(async () => {
    await line.carrier.close();
    await stack.stop();
    await collector.close();
  }, 60_000);

  /** The audio bridge's own address: an ingress sends carriers' streams straight there, past the gateway. */
  function ingress(): string {
    const bridge = servicesIn(stack.home).find(({ name }) => name === 'voice-agent');
    return `ws://127.0.0.1:${bridge?.env['PORT']}`;
  }

  /** Somebody calls, and has been greeted. */
  async function callIn(through?: string): Promise<Talk> {
    calls += 1;
    const from = `${CALLERS}${String(calls).padStart(2, '0')}`;
    const began = performance.now();
    const { caller, token } = await line.ring(from, through);
    const call = await until('the call is answered', async () => {
      const filter = { spaceId: demo.spaceId, channelId: line.channel.id, limit: 1 };
      const [one] = (await client.call(listCalls, filter)).data;
      return one?.conversationId && one.phase !== 'ended' && one.from === from ? one : null;
    });
    talk = { caller, callId: call.id, conversationId: call.conversationId ?? '', token };
    await caller.received.speechAfter(began);
    return talk;
  }

  /** Asks aloud; answers once the reply is heard. */
  async function ask({ caller }: Talk): Promise<void> {
    const asked = await caller.speak(sound);
    await caller.received.speechAfter(asked, { withinMs: PATIENCE_MS, quietMs: 1500 });
  }

  const ended = ({ callId }: Pick<Talk, 'callId'>): Promise<Call> => endedCall(client, demo, callId, END_MS);

  /** Each question is there once, and answered once. */
  async function checkHistory({ conversationId }: Talk, asked: number): Promise<void> {
    const questionsIn = (all: Message[]): Message[] => all.filter(({ author }) => author.type === 'contact');
    const history = await until('the history is whole', async () => {
      const all = await historyOf(client, demo, conversationId).catch(() => []);
      const questions = questionsIn(all);
      const isAnswered = ({ id }: Message): boolean => all.some(({ replyTo }) => replyTo === id);
      return questions.length >= asked && questions.every(isAnswered) ? all : null;
    });
    const questions = questionsIn(history);
    expect(questions.map(textOf)).toEqual(Array.from({ length: asked }, () => QUESTION));
    for (const { id } of questions) expect(history.filter((one) => one.replyTo === id)).toHaveLength(1);
    expect(history.filter(({ author }) => author.type !== 'contact')).toHaveLength(asked + 1);
  }

  /** What a call comes to: its cause, its phases, and a conversation that rests. */
  async function checkEnd(one: Talk, cause: Call['cause']): Promise<void> {
    expect(await ended(one)).toMatchObject({ cause, conversationId: one.conversationId });
    const { callId, conversationId } = one;
    const { phases } = await client.call(getCallTimeline, { spaceId: demo.spaceId, callId });
    expect(phases.map(({ phase }) => phase)).toEqual(['ringing', 'connected', 'active', 'ended']);
    await until('the conversation rests', async () => {
      const { status } = await client.call(getConversation, { spaceId: demo.spaceId, conversationId });
      return status === 'paused';
    });
  }

  it('is taken over by another job when its own is killed in the middle of a word', async () => {
    const one = await callIn();
    const { caller } = one;
    const asked = await caller.speak(sound);
    await until('the answer has begun', () => caller.received.onsetAfter(asked));
    process.kill(jobPid(stack.pidOf('voice-agent')), 'SIGKILL');
    const killed = performance.now();
    const silence = await until('the agent falls silent', () => caller.received.silenceAfter(killed));
    // The last sound before the silence is none of the next job's.
    await caller.received.speechAfter(silence + 100, { withinMs: PATIENCE_MS, quietMs: 1500 });
    await ask(one);
    await checkHistory(one, 2);
    caller.stream.hangUp();
    await checkEnd(one, 'caller_left');
  }, 90_000);

  it('goes on when telephony, gateway and worker are killed, each right behind a question; nothing is lost', async () => {
    const one = await callIn(ingress());
    const names = ['telephony', 'channel-gateway', 'voice-agent'];
    for (const name of names) {
      const asked = await one.caller.speak(sound);
      process.kill(stack.pidOf(name), 'SIGKILL');
      await one.caller.received.speechAfter(asked, { withinMs: PATIENCE_MS, quietMs: 1500 });
      await allReady(demo.baseUrl);
    }
    await checkHistory(one, names.length);
    one.caller.stream.hangUp();
    await checkEnd(one, 'caller_left');
  }, 120_000);

  it('ends as its caller has ended it, although telephony is killed at that moment', async () => {
    const one = await callIn();
    await ask(one);
    process.kill(stack.pidOf('telephony'), 'SIGKILL');
    one.caller.stream.hangUp();
    await allReady(demo.baseUrl);
    await checkEnd(one, 'caller_left');
    await checkHistory(one, 1);
  }, 90_000);

  it.each([
    ['the bridge', 'audio-bridge'],
    ['the gateway that carries its sound', 'channel-gateway'],
  ])(
    'ends as lost when %s is killed, with all that was said; the next one is taken',
    async (_of, name) => {
      const one = await callIn();
      await ask(one);
      process.kill(stack.pidOf(name), 'SIGKILL');
      await one.caller.stream.closed;
      await allReady(demo.baseUrl);
      await checkEnd(one, 'connection_lost');
      await checkHistory(one, 1);
      const next = await until('the bridge stands again', () => callIn().catch(() => null), PATIENCE_MS);
      next.caller.stream.hangUp();
      expect(await ended(next)).toMatchObject({ cause: 'caller_left' });
    },
    120_000,
  );

  it('ends as lost when the line is cut, and when it falls silent without a word', async () => {
    for (const lose of ['dropConnection', 'stopResponding'] as const) {
      const one = await callIn();
      await ask(one);
      const at = Date.now();
      one.caller.stream[lose]();
      const { endedAt } = await ended(one);
      await checkEnd(one, 'connection_lost');
      expect(Date.parse(endedAt ?? '') - at).toBeLessThan(lose === 'dropConnection' ? 2000 : 10_000);
      await checkHistory(one, 1);
    }
  }, 120_000);

  it('is answered as well where LiveKit SIP brings its caller into a room', async () => {
    const callId = newId('call');
    const { spaceId, agentId } = demo;
    const job: CallJob = {
      ...{ callId, spaceId, channelId: line.channel.id, deploymentType: 'CALLS', direction: 'inbound' },
      ...{ sender: { id: `${CALLERS}99`, name: null }, contactId: null, target: { agentId } },
      ...{ targetName: null, language: null, conversationId: null, afterSequence: null, generation: 1 },
    };
    const secret = readFileSync(join(stack.home, 'secrets/livekit'), 'utf8').trim();
    // As a dispatch rule of LiveKit does it.
    const token = new AccessToken('parley', secret, { identity: `sip_${CALLERS}99` });
    token.kind = 'sip';
    token.addGrant({ roomJoin: true, room: callId, canPublish: true, canSubscribe: true });
    const agents = [new RoomAgentDispatch({ agentName: 'parley', metadata: JSON.stringify(job) })];
    token.roomConfig = new RoomConfiguration({ agents });
    const began = performance.now();
    const caller = await Caller.join(demo.livekitUrl, await token.toJwt());
    await caller.received.speechAfter(began, { quietMs: 500 });
    const { from, conversationId } = await callOf(client, demo, callId);
    expect(from).toBe(`${CALLERS}99`);
    await caller.leave();
    const over = await ended({ callId });
    expect(over).toMatchObject({ cause: 'caller_left', conversationId });
  }, 60_000);

  it('is told of nowhere, nor is anything else that is said, written or kept secret: not in logs, traces or metrics', async () => {
    const canaries = new Canaries();
    const place = { demo, client, canaries };
    await signInAndOut(place);
    await chat(place);
    await handOffByMail(place);
    await sendFile(place);
    await setUpWrongly(place);
    canaries.addSecretsOf(stack.home);
    const { authToken, accountSid } = line.carrier;
    canaries.add('the auth token', authToken);
    canaries.add("the carrier's credentials", `${accountSid}:${authToken}`);
    canaries.add('the number that is called', OWN_NUMBER.slice(1));
    canaries.add('the numbers of those who call', CALLERS.slice(1));
    const one = await callIn();
    canaries.add('the token of a stream', one.token);
    canaries.add('the signature of that token', one.token.split('.')[1]);
    await ask(one);
    for (const key of '8305196#') one.caller.stream.sendDtmf(key);
    const history = await until('the keys are heard', async () => {
      const all = await historyOf(client, demo, one.conversationId);
      return all.some((message) => textOf(message) === '8305196') ? all : null;
    });
    for (const [index, message] of history.entries())
      canaries.add(`message ${index}`, textOf(message).slice(0, 30));
    one.caller.stream.hangUp();
    await ended(one);
    // Spans leave a few seconds after they have ended.
    const traced = servicesIn(stack.home)
      // What carries sound answers nobody and has no spans.
      .filter(({ name }) => name !== 'voice-agent')
      .map(({ name }) => `parley-${name}`);
    await until('traces of all come', () => traced.every((name) => collector.services().includes(name)));
    await sleep(6000);
    const told = await toldBy(stack, collector);
    for (const [place, text] of told) {
      expect([place, canaries.in(text)]).toEqual([place, []]);
      // Whoever says nothing could not give anything away.
      expect([place, text.length > 100]).toEqual([place, true]);
    }
    expect(told.size).toBeGreaterThanOrEqual(2 * servicesIn(stack.home).length);
    expect(told.get('voice-agent.log')).toContain(one.callId);
  }, 120_000);
});
