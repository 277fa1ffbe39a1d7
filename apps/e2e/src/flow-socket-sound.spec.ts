import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, listCalls, type Message } from '@parley/contracts';
import { synthesize, until } from '@parley/testing';
import { documentationSentences, FlowCaller, RECEIVED_RATE, SpeechRecogniser } from '@parley/testing/voice';
import { clientOf, readDemo } from './demo.ts';
import { allReady, pidOf } from './processes.ts';
import { historyOf, textOf } from './spoken-calls.ts';
import { inRealTime } from './real-time.ts';

inRealTime();

const QUESTIONS = [
  'How do I add a channel?',
  'How do I replay a dead letter?',
  'How long is an access token valid?',
];
const WITHIN_MS = 45_000;
/** What is on its way when the agent is cut may still arrive. */
const FALL_SILENT_MS = 1500;
const ENDED_WITHIN_MS = 10_000;

describe('A page of one’s own that speaks with a flow', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId } = demo;
  const address = `${demo.baseUrl.replace('http', 'ws')}/ws/flow/${demo.flowId}`;
  const others = documentationSentences(24);
  let hearing: SpeechRecogniser;
  let spoken: Int16Array[];
  let caller: FlowCaller | undefined;

  beforeAll(async () => {
    hearing = new SpeechRecogniser();
    spoken = [];
    for (const question of QUESTIONS) spoken.push(await synthesize(question, { sampleRate: 16_000 }));
  });
  afterEach(async () => {
    await caller?.leave();
    caller = undefined;
  });
  afterAll(() => hearing.close());

  const questionOf = (no: number): Int16Array => spoken[no] ?? new Int16Array();
  const history = (conversationId: string): Promise<Message[]> => historyOf(client, demo, conversationId);

  async function open(): Promise<{ session: FlowCaller; conversationId: string }> {
    await caller?.leave();
    const session = await FlowCaller.connect(address);
    caller = session;
    const ready = await until('the session is ready', () => session.framesOfType('ready')[0]);
    return { session, conversationId: String(ready['conversationId']) };
  }

  /** Opens a session and hears the greeting to its end. */
  async function greeted(): Promise<{ session: FlowCaller; conversationId: string; greeting: Int16Array }> {
    const opened = await open();
    const began = performance.now();
    opened.session.unmute();
    const { samples } = await opened.session.received.speechAfter(began, {
      withinMs: WITHIN_MS,
      quietMs: 2000,
    });
    return { ...opened, greeting: samples };
  }

  async function callIn(conversationId: string): Promise<Call> {
    const { data } = await client.call(listCalls, { spaceId, conversationId });
    const [call, ...more] = data;
    if (!call || more.length > 0) throw new Error(`There are ${data.length} calls in the conversation.`);
    return call;
  }

  const endOf = (conversationId: string, withinMs?: number): Promise<Call> =>
    until(
      'the call has ended',
      async () => {
        const call = await callIn(conversationId).catch(() => null);
        return call?.phase === 'ended' ? call : null;
      },
      withinMs,
    );

  /** The answer to the newest question, once its speech is over. */
  const answered = (conversationId: string, count: number): Promise<{ asked: Message; answer: Message }> =>
    until(
      'question and answer are in the history',
      async () => {
        const all = await history(conversationId);
        const questions = all.filter(({ author }) => author.type === 'contact');
        const asked = questions.at(-1);
        const answer = all.find((one) => one.speech && one.replyTo === asked?.id);
        return questions.length === count && asked && answer ? { asked, answer } : null;
      },
      30_000,
    );

  it('hears the greeting, asks three questions aloud and hears what chat would answer', async () => {
    const { session, conversationId, greeting } = await greeted();
    const [first] = await history(conversationId);
    const hello = textOf(first);
    expect(await hearing.recognise(greeting, RECEIVED_RATE, [hello, ...others])).toBe(hello);

    for (const [no, question] of QUESTIONS.entries()) {
      const ended = await session.speak(questionOf(no));
      const { samples } = await session.received.speechAfter(ended, { withinMs: 20_000, quietMs: 2000 });
      const { asked, answer } = await answered(conversationId, no + 1);
      expect(textOf(asked)).toBe(question);
      expect(answer.citations.length).toBeGreaterThan(0);
      expect(answer.speech).toMatchObject({ interruptedAtMs: null, spoken: answer.speech?.generated });
      const said = answer.speech?.spoken ?? '';
      expect(await hearing.recognise(samples, RECEIVED_RATE, [said, ...others])).toBe(said);
    }

    const messages = await history(conversationId);
    expect(messages).toHaveLength(1 + 2 * QUESTIONS.length);
    expect(session.transcripts()).toEqual(
      messages.map((one) => `${one.author.type === 'contact' ? 'user' : 'assistant'}: ${textOf(one)}`),
    );
    const states = new Set(session.framesOfType('state').map(({ state }) => state));
    expect([...states].sort()).toEqual(['listening', 'speaking']);
    expect(session.framesOfType('error')).toEqual([]);
    await session.leave();
    expect(await endOf(conversationId)).toMatchObject({ cause: 'caller_left', conversationId });
  }, 180_000);

  /** Asks, cuts the agent off while it answers, and looks at what is heard and kept. */
  async function cutBy(cut: (session: FlowCaller) => Promise<unknown>): Promise<void> {
    const { session, conversationId } = await greeted();
    const asked = await session.speak(questionOf(0));
    await until('the agent answers', () => session.received.onsetAfter(asked), 20_000);
    await sleep(1500);
    const before = session.framesOfType('interrupted').length;
    await cut(session);
    const frame = await until('the cut is told', () => session.framesOfType('interrupted')[before]);
    const reply = await until('what was heard is kept', async () => {
      const all = await history(conversationId);
      return all.find(({ speech }) => typeof speech?.interruptedAtMs === 'number');
    });
    const { generated = '', spoken: kept = '' } = reply.speech ?? {};
    expect(generated.startsWith(kept)).toBe(true);
    expect(kept.length).toBeLessThan(generated.length);
    expect(kept.length).toBeGreaterThan(0);
    // Once the cut is told nothing of the answer comes any more; the next thing heard is another answer.
    const after = session
      .framesOfType('state')
      .find(({ state, at }) => state === 'speaking' && at > frame.at)?.at;
    const rest = session.received.onsetAfter(frame.at + FALL_SILENT_MS);
    if (rest !== null) expect(rest).toBeGreaterThan(after ?? Infinity);
  }

  it('cuts in aloud: the agent falls silent, and keeps only what was heard', async () => {
    await cutBy((session) => session.speak(questionOf(2)));
  }, 120_000);

  it('cuts in by a button: the agent falls silent, and keeps only what was heard', async () => {
    await cutBy(async (session) => session.send({ type: 'interrupt' }));
  }, 120_000);

  it('is told when the audio bridge dies in mid-call; the call ends with its cause, the history is right', async () => {
    const { session, conversationId } = await greeted();
    const asked = await session.speak(questionOf(0));
    await until('the agent answers', () => session.received.onsetAfter(asked), 20_000);
    process.kill(pidOf('audio-bridge'), 'SIGKILL');
    await until('the socket is closed', () => session.closed !== null, ENDED_WITHIN_MS);
    const call = await endOf(conversationId, ENDED_WITHIN_MS);
    expect(call.cause).toBe('connection_lost');
    const messages = await history(conversationId);
    expect(messages.map(({ author }) => author.type)).toEqual(['agent', 'contact', 'agent']);
    expect(messages.map(({ replyTo }) => replyTo)).toEqual([null, null, messages[1]?.id]);
    await allReady();
    // A page that connects again talks on.
    const again = await until('it is let in again', () => open().catch(() => null), 30_000);
    expect(again.conversationId).toMatch(/^conv_/);
  }, 120_000);
});
