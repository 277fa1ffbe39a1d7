import { setTimeout as sleep } from 'node:timers/promises';
import { synthesize, until } from '@parley/testing';
import { type Caller, documentationSentences, RECEIVED_RATE, SpeechRecogniser } from '@parley/testing/voice';
import { clientOf, readDemo } from './demo.ts';
import {
  conversationOf,
  endedCall,
  historyOf,
  openSession,
  placeCall,
  textOf,
  turnsOf,
} from './spoken-calls.ts';
import { inRealTime } from './real-time.ts';

inRealTime();

const QUESTIONS = [
  'How do I add a channel?',
  'How do I replay a dead letter?',
  'How long is an access token valid?',
];
/** A sound shorter than this does not cut the agent off. */
const CUT_MS = 300;

const say = (text: string): Promise<Int16Array> => synthesize(text, { sampleRate: 16_000 });

describe('a visitor who speaks on a web page', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  let hearing: SpeechRecogniser;
  let caller: Caller | undefined;

  beforeAll(() => {
    hearing = new SpeechRecogniser();
  });
  afterEach(async () => {
    await caller?.leave();
    caller = undefined;
  });
  afterAll(() => hearing.close());

  it('is greeted, asks three questions, hears the answers that chat would give, and goes on in the chat', async () => {
    const began = performance.now();
    const placed = await placeCall(demo);
    caller = placed.caller;
    const { callId, session } = placed;
    const conversationId = await conversationOf(client, demo, callId);
    const greeting = await caller.received.speechAfter(began);
    const [first] = await until('the greeting is in the history', async () => {
      const history = await historyOf(client, demo, conversationId);
      return history[0]?.author.type === 'agent' ? history : null;
    });
    const others = documentationSentences(24);
    expect(await hearing.recognise(greeting.samples, RECEIVED_RATE, [textOf(first), ...others])).toBe(
      textOf(first),
    );

    for (const question of QUESTIONS) {
      const ended = await caller.speak(await say(question));
      const { samples } = await caller.received.speechAfter(ended, { withinMs: 10_000, quietMs: 1500 });
      const history = await until('question and answer are in the history', async () => {
        const all = await historyOf(client, demo, conversationId);
        const asked = all.findLast((one) => one.author.type === 'contact');
        return all.some((one) => one.replyTo === asked?.id && one.speech) ? all : null;
      });
      const asked = history.findLast((one) => one.author.type === 'contact');
      const answer = history.find((one) => one.replyTo === asked?.id);
      expect(textOf(asked)).toBe(question);
      expect(answer?.citations.length).toBeGreaterThan(0);
      expect(answer?.speech).toMatchObject({ interruptedAtMs: null, spoken: answer?.speech?.generated });
      const spoken = answer?.speech?.spoken ?? '';
      expect(await hearing.recognise(samples, RECEIVED_RATE, [spoken, ...others])).toBe(spoken);
    }
    const turns = await turnsOf(client, demo, callId);
    expect(turns.filter(({ latencyMs }) => latencyMs !== null)).toHaveLength(QUESTIONS.length);

    await caller.leave();
    const ended = await endedCall(client, demo, callId);
    expect(ended).toMatchObject({ cause: 'caller_left', conversationId });
    const again = await openSession(demo, session.visitorToken);
    expect(again.conversationId).toBe(conversationId);
  }, 120_000);

  it('is cut in, falls silent at once, and keeps only what was heard', async () => {
    const began = performance.now();
    const placed = await placeCall(demo);
    caller = placed.caller;
    await caller.received.speechAfter(began);
    const conversationId = await conversationOf(client, demo, placed.callId);
    const asked = await caller.speak(await say(QUESTIONS[0] ?? ''));
    while (caller.received.onsetAfter(asked) === null) await sleep(20);
    await sleep(1500);

    const cutIn = performance.now();
    const speaking = caller.speak(await say(QUESTIONS[2] ?? ''), 0);
    const reply = await until('what was heard is kept', async () => {
      const all = await historyOf(client, demo, conversationId);
      return all.find(({ speech }) => typeof speech?.interruptedAtMs === 'number');
    });
    await speaking;
    const { generated = '', spoken = '' } = reply.speech ?? {};
    expect(generated.startsWith(spoken)).toBe(true);
    expect(spoken.length).toBeLessThan(generated.length);
    const silent = caller.received.silenceAfter(cutIn) ?? Infinity;
    // The caller's first sound, the least duration of a cut, and then at once.
    expect(silent - cutIn - CUT_MS).toBeLessThanOrEqual(300);

    const words = generated.split(/(?<= )/);
    const count = spoken.trim().split(/\s+/).length;
    const prefixes = [-3, -2, -1, 0, 1, 2, 3]
      .map((more) =>
        words
          .slice(0, Math.max(1, count + more))
          .join('')
          .trim(),
      )
      .filter((text, index, all) => all.indexOf(text) === index);
    const heard = await hearing.recognise(caller.received.between(asked, silent), RECEIVED_RATE, prefixes);
    expect(Math.abs((heard ?? '').split(/\s+/).length - count)).toBeLessThanOrEqual(1);
  }, 90_000);
});
