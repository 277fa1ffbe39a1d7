import { setTimeout as sleep } from 'node:timers/promises';
import { HttpLoad } from '../http-load.ts';
import { quantile } from '../numbers.ts';
import type { Door } from '../shots.ts';
import { type AnswerCallback, checkAnswers } from './answers.ts';
import { type CounterSources, grown, type Growth, readCounters } from './counters.ts';
import { type JobName, makeJob } from './jobs.ts';

/** Load before and after the window in which is counted: readings lag by up to a second on both sides. */
const LEAD_SECONDS = 2;
const TAIL_SECONDS = 1;
const CONNECTIONS = 64;
const PATIENCE_MS = 60_000;
/** Trailing work of a run: events of the last answers, and an answer that is given twice. */
const TRAILING_MS = 1000;
/** Fewer answers than this share of the offered messages mean that the rate is not carried. */
const CARRIED_SHARE = 0.9;

/** What is offered. */
export interface Load {
  name: JobName;
  door: Door;
  callback: AnswerCallback;
  perSecond: number;
  seconds: number;
}

/** What a window of steady load came to. */
export interface Window {
  growth: Growth;
  /** Messages that were answered in the window: all figures per message are per answered one. */
  answered: number;
  /** Whether about as many were answered as were due. Where not, messages queued up, and figures say little. */
  isCarried: boolean;
  /** From the due time of a webhook until the callback has the answer, in milliseconds. */
  p50: number;
  p99: number;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

/**
 * Offers messages at a fixed rate and counts during a part of that time.
 * @throws Error when a message is not answered once, correctly and in order
 */
export async function measureWindow(load: Load, sources: CounterSources): Promise<Window> {
  const { name, door, callback, perSecond, seconds } = load;
  const total = Math.round(perSecond * (LEAD_SECONDS + seconds + TAIL_SECONDS));
  const { shots, questions } = makeJob(name, door, total);
  const due = new Map<string, number>();
  callback.clear();
  const http = new HttpLoad(door.port, CONNECTIONS);
  try {
    const sending = http.open(shots, perSecond, ({ id }, at) => void due.set(id, at));
    const counting = count(seconds, sources);
    await Promise.all([sending, counting]);
    for (let waited = 0; callback.count < shots.length && waited < PATIENCE_MS; waited += 50) await sleep(50);
    await sleep(TRAILING_MS);
    const faults = checkAnswers(questions, callback.heard);
    if (Object.values(faults).some((number) => number > 0))
      throw new Error(`Of ${shots.length} messages: ${JSON.stringify(faults)}.`);
    const { from, to, began, growth } = await counting;
    const end = began + growth.seconds * 1000;
    const answered = answersIn(callback, began, end);
    const latencies = latenciesOf(callback, due, began, end);
    const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
    const isCarried = answered >= perSecond * growth.seconds * CARRIED_SHARE;
    return { growth, answered, isCarried, p50, p99, from, to };
  } finally {
    http.close();
  }
}

async function count(
  seconds: number,
  sources: CounterSources,
): Promise<{ growth: Growth; began: number; from: number; to: number }> {
  await sleep(LEAD_SECONDS * 1000);
  const from = Date.now();
  const before = await readCounters(sources);
  await sleep(seconds * 1000 - (performance.now() - before.at));
  const to = Date.now();
  const after = await readCounters(sources);
  return { growth: grown(before, after), began: before.at, from, to };
}

function answersIn({ heard }: AnswerCallback, from: number, to: number): number {
  return heard.filter(({ at, inReplyTo }) => inReplyTo !== null && at >= from && at < to).length;
}

function latenciesOf(
  callback: AnswerCallback,
  due: ReadonlyMap<string, number>,
  from: number,
  to: number,
): number[] {
  return callback.heard.flatMap(({ at, inReplyTo }) => {
    const dueAt = inReplyTo === null ? undefined : due.get(inReplyTo);
    return dueAt === undefined || dueAt < from || dueAt >= to ? [] : [at - dueAt];
  });
}

/** Readings of an installation that nobody uses. */
export async function measureIdle(sources: CounterSources, seconds: number): Promise<Growth> {
  const before = await readCounters(sources);
  await sleep(seconds * 1000);
  return grown(before, await readCounters(sources));
}
