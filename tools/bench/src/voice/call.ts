import { setTimeout as sleep } from 'node:timers/promises';
import { synthesize } from '@parley/testing';
import { Caller } from '@parley/testing/voice';
import { usageOf, waitingJob } from './processes.ts';
import type { VoiceSide } from './sides.ts';

const SPOKEN_RATE = 16_000;
/** How long an answer is listened to before the next question cuts it off. */
const LISTEN_MS = 2500;
/** Quiet for so long, an answer is over. */
const QUIET_MS = 1500;
const ANSWER_MS = 10_000;
const SETTLE_MS = 50;
/** An answer that sounds so shortly before the end of the question was not cut off by it. */
const CUT_BEFORE_END_MS = 100;

/** One question with its answer. */
export interface Turn {
  question: string;
  /** From the last sample of the question to the first sound of the answer. */
  latencyMs: number;
  /** From the first sample of the question to the last sound of the answer that it cut off; null where none sounded. */
  stopMs: number | null;
  /** Sound of the answer: all of it, or as much as was listened to. */
  samples: Int16Array;
  /** What went wrong, so that there is no figure; null where nothing did. */
  wrong: string | null;
}

/** One call. */
export interface CallResult {
  /** Name of the room; with us the id of the call. */
  room: string;
  /** From joining to the first sound. */
  startMs: number;
  greeting: Int16Array;
  turns: Turn[];
  /** Processor seconds of the job process for each minute, from the end of the greeting on. */
  cpuPerMinute: number;
  /** Memory of the job process at the end of the call. */
  pssMiB: number;
}

/** Calls, is greeted, and asks; with `cutIn` each question but the first cuts the answer before it off. */
export async function placeCall(
  side: VoiceSide,
  questions: readonly string[],
  { cutIn }: { cutIn: boolean },
): Promise<CallResult> {
  const sounds = await Promise.all(questions.map((text) => synthesize(text, { sampleRate: SPOKEN_RATE })));
  const pid = await waitingJob(side.root, side.jobFile);
  const { serverUrl, token, room } = await side.open();
  const began = performance.now();
  const caller = await Caller.join(serverUrl, token);
  try {
    const greeting = await caller.received.speechAfter(began, { quietMs: QUIET_MS });
    const before = { at: performance.now(), ...usageOf(pid) };
    const turns: Turn[] = [];
    for (const [index, sound] of sounds.entries())
      turns.push({ question: questions[index] ?? '', ...(await ask(caller, sound, cutIn)) });
    const after = { at: performance.now(), ...usageOf(pid) };
    const cpuPerMinute = ((after.cpuSeconds - before.cpuSeconds) * 60_000) / (after.at - before.at);
    const { onset, samples } = greeting;
    return { room, startMs: onset - began, greeting: samples, turns, cpuPerMinute, pssMiB: after.pssMiB };
  } finally {
    await caller.leave();
  }
}

/** Asks one question and listens to its answer, as long as the next question shall wait. */
async function ask(caller: Caller, sound: Int16Array, cutIn: boolean): Promise<Omit<Turn, 'question'>> {
  const { received } = caller;
  const asked = performance.now();
  const ended = await caller.speak(sound, 0);
  const last = received.lastSoundAt() ?? 0;
  if (last > ended - CUT_BEFORE_END_MS) return failed(caller, 'The answer before it was not cut off.');
  const stopMs = last > asked ? last - asked : null;
  try {
    const how = cutIn ? { quietMs: 0, longestMs: 0 } : { quietMs: QUIET_MS };
    const { onset, samples } = await received.speechAfter(ended, { withinMs: ANSWER_MS, ...how });
    if (!cutIn) return { latencyMs: onset - ended, stopMs, samples, wrong: null };
    await sleep(Math.max(0, onset + LISTEN_MS - performance.now()));
    return {
      latencyMs: onset - ended,
      stopMs,
      samples: received.between(onset, onset + LISTEN_MS),
      wrong: null,
    };
  } catch (error) {
    return failed(caller, String(error));
  }
}

/** A turn without figure; goes on once nothing is said any more. */
async function failed({ received }: Caller, wrong: string): Promise<Omit<Turn, 'question'>> {
  const until = performance.now() + ANSWER_MS;
  while (performance.now() < until && performance.now() - (received.lastSoundAt() ?? 0) < QUIET_MS)
    await sleep(SETTLE_MS);
  return { latencyMs: Number.NaN, stopMs: null, samples: new Int16Array(), wrong };
}
