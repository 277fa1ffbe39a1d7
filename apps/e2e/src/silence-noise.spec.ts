import { type Call, listCalls } from '@parley/contracts';
import { noise, until } from '@parley/testing';
import { documentationSentences, FlowCaller, RECEIVED_RATE, SpeechRecogniser } from '@parley/testing/voice';
import { clientOf, readDemo } from './demo.ts';
import { pidOf } from './processes.ts';
import { historyOf } from './spoken-calls.ts';
import { inRealTime } from './real-time.ts';

inRealTime();

const MINUTE_MS = 60_000;
const PROMPT = 'Are you still there?';
const GOODBYE = 'I cannot hear you, so I will hang up now. Goodbye.';

describe('A call in which nobody says a word', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId } = demo;
  const address = `${demo.baseUrl.replace('http', 'ws')}/ws/flow/${demo.flowId}`;
  const callers: FlowCaller[] = [];
  let hearing: SpeechRecogniser;

  beforeAll(() => {
    hearing = new SpeechRecogniser();
  });
  afterAll(async () => {
    await Promise.all(callers.map((caller) => caller.leave()));
    await hearing.close();
  });

  /** A caller who has heard the greeting. */
  async function call(): Promise<{ caller: FlowCaller; conversationId: string; greetedAt: number }> {
    const caller = await FlowCaller.connect(address);
    callers.push(caller);
    const ready = await until('the session is ready', () => caller.framesOfType('ready')[0]);
    const began = performance.now();
    caller.unmute();
    const { end } = await caller.received.speechAfter(began, { withinMs: 45_000 });
    return { caller, conversationId: String(ready['conversationId']), greetedAt: end };
  }

  async function callOf(conversationId: string): Promise<Call | undefined> {
    return (await client.call(listCalls, { spaceId, conversationId })).data[0];
  }

  async function contactMessages(conversationId: string): Promise<number> {
    const all = await historyOf(client, demo, conversationId);
    return all.filter(({ author }) => author.type === 'contact').length;
  }

  /** A minute of silence: the caller is asked, then the agent says goodbye and hangs up. */
  async function silent(): Promise<void> {
    const { caller, conversationId, greetedAt } = await call();
    const prompt = await caller.received.speechAfter(greetedAt + 1, { withinMs: MINUTE_MS });
    const goodbye = await caller.received.speechAfter(prompt.end + 1, { withinMs: MINUTE_MS, quietMs: 1500 });
    const candidates = [PROMPT, GOODBYE, ...documentationSentences(20)];
    expect(await hearing.recognise(prompt.samples, RECEIVED_RATE, candidates)).toBe(PROMPT);
    expect(await hearing.recognise(goodbye.samples, RECEIVED_RATE, candidates)).toBe(GOODBYE);
    await until('the page is told of the end', () => caller.framesOfType('end')[0]);
    expect(await callOf(conversationId)).toMatchObject({ phase: 'ended', cause: 'silence' });
    // What the voice says of its own accord is no part of the conversation.
    expect(await historyOf(client, demo, conversationId)).toHaveLength(1);
  }

  /** A minute of noise: nobody has said anything by it. */
  async function noisy(): Promise<void> {
    const { caller, conversationId } = await call();
    await caller.speak(noise(MINUTE_MS, 16_000, { level: 2500 }));
    expect(caller.closed).toBeNull();
    expect(await contactMessages(conversationId)).toBe(0);
    expect(await historyOf(client, demo, conversationId)).toHaveLength(1);
    expect(caller.framesOfType('transcript')).toHaveLength(1);
    // It goes on, or noise was silence to the agent.
    expect([null, 'silence']).toContain((await callOf(conversationId))?.cause ?? null);
  }

  it('asks after a while, then says goodbye; noise posts no message; nothing breaks', async () => {
    const before = pidOf('voice-agent');
    await Promise.all([silent(), noisy()]);
    expect(pidOf('voice-agent')).toBe(before);
  }, 240_000);
});
