import { synthesize, until } from '@parley/testing';
import type { Caller } from '@parley/testing/voice';
import { clientOf, readDemo } from './demo.ts';
import { allReady, jobPid, pidOf } from './processes.ts';
import { callOf, conversationOf, historyOf, placeCall, textOf } from './spoken-calls.ts';
import { inRealTime } from './real-time.ts';

inRealTime();

/** Its answer, that nothing is known of it, is the shortest to listen to. */
const QUESTION = 'Which colour has the moon base cafeteria?';
/** A call may stand still for as long when something dies; then it goes on, or has ended with its cause. */
const PATIENCE_MS = 10_000;

/** What is killed, and whether the agent's voice goes with it: then another agent comes into the room. */
const victims = [
  { name: 'a job', find: () => jobPid(), speaks: true },
  // Its jobs go on without it.
  { name: 'the worker', find: () => pidOf('voice-agent'), speaks: false },
  ...['flow-engine', 'conversation', 'nats-server', 'telephony'].map((name) => ({
    name,
    find: () => pidOf(name),
    speaks: false,
  })),
];

/** A call in progress, and what was asked in its conversation so far. */
interface Talk {
  caller: Caller;
  callId: string;
  conversationId: string;
  asked: number;
}

describe('a call in which one thing after another dies', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  let sound: Int16Array;
  let talk: Talk | undefined;

  beforeAll(async () => {
    sound = await synthesize(QUESTION, { sampleRate: 16_000 });
  });
  afterEach(() => allReady());
  afterAll(hangUp);

  async function hangUp(): Promise<void> {
    const over = talk;
    talk = undefined;
    await over?.caller.leave();
  }

  const hasEnded = async ({ callId }: Talk): Promise<boolean> => {
    const call = await callOf(client, demo, callId).catch(() => null);
    return call?.phase === 'ended' && call.cause !== null;
  };

  /** The call that goes on; a new one where the last has ended. */
  async function inTalk(): Promise<Talk> {
    if (talk && !(await hasEnded(talk))) return talk;
    await hangUp();
    const began = performance.now();
    const { caller, callId } = await placeCall(demo);
    talk = { caller, callId, conversationId: '', asked: 0 };
    await caller.received.speechAfter(began);
    talk.conversationId = await conversationOf(client, demo, callId);
    return talk;
  }

  /** Asks aloud, and waits until the answer is over, or the call. */
  async function ask(of: Talk): Promise<void> {
    const { received } = of.caller;
    const asked = await of.caller.speak(sound);
    of.asked += 1;
    const answered = async (): Promise<boolean> =>
      received.onsetAfter(asked) !== null || (await hasEnded(of));
    await until('it is answered aloud, or the call has ended with its cause', answered, PATIENCE_MS + 5000);
    await received.speechAfter(asked, { quietMs: 1500 }).catch(() => null);
  }

  /** Each question is there once and answered once; the last one may be lost with its call. */
  async function checkHistory({ conversationId, asked }: Talk): Promise<void> {
    const history = await until('the history is whole', async () => {
      const all = await historyOf(client, demo, conversationId).catch(() => []);
      const questions = all.filter((one) => one.author.type === 'contact');
      return questions.every(({ id }) => all.some((one) => one.replyTo === id)) ? all : null;
    });
    const questions = history.filter((one) => one.author.type === 'contact');
    expect([asked, asked - 1]).toContain(questions.length);
    for (const question of questions) expect(textOf(question)).toBe(QUESTION);
    for (const { id } of questions) expect(history.filter((one) => one.replyTo === id)).toHaveLength(1);
  }

  for (const { name, find, speaks } of victims) {
    it(`goes on, or ends with its cause, when ${name} is killed; nothing is lost or said twice`, async () => {
      const one = await inTalk();
      if (one.asked === 0) await ask(one);
      const before = one.caller.agents().map(({ sid }) => sid);
      process.kill(find(), 'SIGKILL');
      const goesOn = (): boolean => one.caller.agents().some(({ sid }) => !speaks || !before.includes(sid));
      await until(
        'the call goes on or has ended',
        async () => (await hasEnded(one)) || goesOn(),
        PATIENCE_MS,
      );
      await ask(one);
      await checkHistory(one);
    }, 90_000);
  }
});
