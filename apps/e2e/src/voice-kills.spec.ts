import { readdirSync, readFileSync } from 'node:fs';
import { synthesize } from '@parley/testing';
import type { Caller } from '@parley/testing/voice';
import { clientOf, readDemo, until } from './demo.ts';
import { allReady, pidOf } from './processes.ts';
import { callOf, conversationOf, historyOf, placeCall, textOf } from './spoken-calls.ts';
import { inRealTime } from './real-time.ts';

inRealTime();

const FIRST = 'How do I add a channel?';
const SECOND = 'How long is an access token valid?';
/** A call may stand still for as long when something dies; then it goes on, or has ended with its cause. */
const PATIENCE_MS = 10_000;

/** The process of a running call: the child of the worker that uses the most of it. */
function jobPid(): number {
  const worker = pidOf('voice-agent');
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), stat: statOf(name) }))
    .filter(({ stat }) => Number(stat[1]) === worker);
  const busiest = children.sort((a, b) => Number(b.stat[11]) - Number(a.stat[11]))[0];
  if (!busiest) throw new Error('The worker has no job.');
  return busiest.pid;
}

/** Fields of /proc/<pid>/stat behind the name: state, parent, …; the twelfth is the time spent in user mode. */
function statOf(pid: string): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

describe('a call in which something dies', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  let caller: Caller | undefined;
  let first: Int16Array;
  let second: Int16Array;

  beforeAll(async () => {
    first = await synthesize(FIRST, { sampleRate: 16_000 });
    second = await synthesize(SECOND, { sampleRate: 16_000 });
  });
  afterEach(async () => {
    await caller?.leave();
    caller = undefined;
    await allReady();
  });

  /** What is killed, and whether the agent's voice goes with it: then another agent comes into the room. */
  const victims = [
    { name: 'a job', find: jobPid, speaks: true },
    // Its jobs go on without it.
    { name: 'the worker', find: () => pidOf('voice-agent'), speaks: false },
    ...['flow-engine', 'conversation', 'nats-server', 'telephony'].map((name) => ({
      name,
      find: () => pidOf(name),
      speaks: false,
    })),
  ];

  for (const { name, find, speaks } of victims) {
    it(`goes on, or ends with its cause, when ${name} is killed; nothing is lost or said twice`, async () => {
      const began = performance.now();
      const placed = await placeCall(demo);
      caller = placed.caller;
      await caller.heard.speechAfter(began);
      const conversationId = await conversationOf(client, demo, placed.callId);
      const asked = await caller.say(first);
      await caller.heard.speechAfter(asked, { withinMs: PATIENCE_MS, quietMs: 1500 });

      const before = caller.agents().map(({ sid }) => sid);
      process.kill(find(), 'SIGKILL');
      await until(
        'the call goes on or has ended',
        async () => {
          const call = await callOf(client, demo, placed.callId).catch(() => null);
          if (call?.phase === 'ended') return true;
          return caller?.agents().some(({ sid }) => !speaks || !before.includes(sid));
        },
        PATIENCE_MS,
      );
      const again = await caller.say(second);
      await until(
        'it is answered aloud, or the call has ended with its cause',
        async () => {
          if (caller?.heard.onsetAfter(again)) return true;
          const call = await callOf(client, demo, placed.callId).catch(() => null);
          return call?.phase === 'ended' && call.cause !== null;
        },
        PATIENCE_MS + 5000,
      );
      await caller.heard.speechAfter(again, { quietMs: 1500 }).catch(() => null);

      const history = await until('the history is whole', async () => {
        const all = await historyOf(client, demo, conversationId).catch(() => []);
        const questions = all.filter((one) => one.author.type === 'contact');
        return questions.every(({ id }) => all.some((one) => one.replyTo === id)) ? all : null;
      });
      const questions = history.filter((one) => one.author.type === 'contact');
      expect(questions.map(textOf)).toEqual([FIRST, SECOND].slice(0, questions.length));
      for (const { id } of questions) expect(history.filter((one) => one.replyTo === id)).toHaveLength(1);
    }, 90_000);
  }
});
