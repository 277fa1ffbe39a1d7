import type { Client } from '@parley/client';
import { type Call, getCallTimeline, getConversation, listCalls, type Message } from '@parley/contracts';
import { synthesize, until } from '@parley/testing';
import { PHONE_RATE, type PhoneCaller } from '@parley/testing/voice';
import { clientOf, type Demo } from '../demo.ts';
import { allReady, jobPid, servicesIn } from '../processes.ts';
import { inRealTime } from '../real-time.ts';
import { callOf, historyOf, textOf } from '../spoken-calls.ts';
import { OwnStack } from './own-stack.ts';
import { PhoneLine } from './phone-calls.ts';

inRealTime();

/** Its answer, that nothing is known of it, is the shortest to listen to. */
const QUESTION = 'Which colour has the moon base cafeteria?';
/** A line may be silent for as long when something dies behind it. */
const PATIENCE_MS = 15_000;
/** A call whose line is gone has ended by then, whoever of those that could tell is gone as well. */
const END_MS = 20_000;

/** A call in progress. */
interface Talk {
  caller: PhoneCaller;
  callId: string;
  conversationId: string;
}

describe('a telephone call in which something dies', () => {
  let stack: OwnStack;
  let demo: Demo;
  let client: Client;
  let line: PhoneLine;
  let sound: Int16Array;
  let talk: Talk | undefined;
  let calls = 0;

  beforeAll(async () => {
    stack = await OwnStack.start();
    ({ demo } = stack);
    client = clientOf(demo);
    line = await PhoneLine.open(client, demo);
    sound = await synthesize(QUESTION, { sampleRate: PHONE_RATE });
  }, 320_000);
  afterEach(async () => {
    talk?.caller.line.cut();
    await allReady(demo.baseUrl);
  }, 40_000);
  afterAll(async () => {
    await line.carrier.close();
    await stack.stop();
  }, 60_000);

  /** The audio bridge's own address: an ingress sends carriers' streams straight there, past the gateway. */
  function ingress(): string {
    const bridge = servicesIn(stack.home).find(({ name }) => name === 'voice-agent');
    return `ws://127.0.0.1:${bridge?.env['PORT']}`;
  }

  /** Somebody calls, and has been greeted. */
  async function callIn(through?: string): Promise<Talk> {
    calls += 1;
    const from = `+141555502${String(calls).padStart(2, '0')}`;
    const began = performance.now();
    const { caller } = await line.ring(from, through);
    const call = await until('the call is answered', async () => {
      const filter = { spaceId: demo.spaceId, channelId: line.channel.id, limit: 1 };
      const [one] = (await client.call(listCalls, filter)).data;
      return one?.conversationId && one.phase !== 'ended' && one.from === from ? one : null;
    });
    talk = { caller, callId: call.id, conversationId: call.conversationId ?? '' };
    await caller.heard.speechAfter(began);
    return talk;
  }

  /** Asks aloud; answers once the reply is heard. */
  async function ask({ caller }: Talk): Promise<void> {
    const asked = await caller.say(sound);
    await caller.heard.speechAfter(asked, { withinMs: PATIENCE_MS, quietMs: 1500 });
  }

  async function ended({ callId }: Talk): Promise<Call> {
    return until(
      'the call has ended',
      async () => {
        const call = await callOf(client, demo, callId);
        return call.phase === 'ended' ? call : null;
      },
      END_MS,
    );
  }

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
    const asked = await caller.say(sound);
    await until('the answer has begun', () => caller.heard.onsetAfter(asked));
    process.kill(jobPid(stack.pidOf('voice-agent')), 'SIGKILL');
    const killed = performance.now();
    const silence = await until('the agent falls silent', () => caller.heard.silenceAfter(killed));
    // The last sound before the silence is none of the next job's.
    await caller.heard.speechAfter(silence + 100, { withinMs: PATIENCE_MS, quietMs: 1500 });
    await ask(one);
    await checkHistory(one, 2);
    caller.line.hangUp();
    await checkEnd(one, 'caller_left');
  }, 90_000);

  it('goes on when telephony, gateway and worker are killed, each right behind a question; nothing is lost', async () => {
    const one = await callIn(ingress());
    const names = ['telephony', 'channel-gateway', 'voice-agent'];
    for (const name of names) {
      const asked = await one.caller.say(sound);
      process.kill(stack.pidOf(name), 'SIGKILL');
      await one.caller.heard.speechAfter(asked, { withinMs: PATIENCE_MS, quietMs: 1500 });
      await allReady(demo.baseUrl);
    }
    await checkHistory(one, names.length);
    one.caller.line.hangUp();
    await checkEnd(one, 'caller_left');
  }, 120_000);

  it('ends as its caller has ended it, although telephony is killed at that moment', async () => {
    const one = await callIn();
    await ask(one);
    process.kill(stack.pidOf('telephony'), 'SIGKILL');
    one.caller.line.hangUp();
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
      await one.caller.line.closed;
      await allReady(demo.baseUrl);
      await checkEnd(one, 'connection_lost');
      await checkHistory(one, 1);
      const next = await until('the bridge stands again', () => callIn().catch(() => null), PATIENCE_MS);
      next.caller.line.hangUp();
      expect(await ended(next)).toMatchObject({ cause: 'caller_left' });
    },
    120_000,
  );

  it('ends as lost when the line is cut, and when it falls silent without a word', async () => {
    for (const lose of ['cut', 'vanish'] as const) {
      const one = await callIn();
      await ask(one);
      const at = Date.now();
      one.caller.line[lose]();
      const { endedAt } = await ended(one);
      await checkEnd(one, 'connection_lost');
      expect(Date.parse(endedAt ?? '') - at).toBeLessThan(lose === 'cut' ? 2000 : 10_000);
      await checkHistory(one, 1);
    }
  }, 120_000);
});
