import { setTimeout as sleep } from 'node:timers/promises';
import { getCallTimeline, type CallTurn } from '@parley/contracts';
import { SpeechRecogniser } from '@parley/testing/voice';
import type { VoiceScript } from '../../floors/voice-job.ts';
import type { Outcome } from '../f1.ts';
import type { Installation } from '../installation.ts';
import { drift, median, MOST_DRIFT, quantile } from '../numbers.ts';
import { added, compare, type Row } from '../table.ts';
import { type CallResult, placeCall } from './call.ts';
import { type Answers, checkByEar, durationMs, historyOf } from './check.ts';
import { floorVoiceSide, ourVoiceSide, type VoiceSide } from './sides.ts';

/** How often is called, on each side, and how many questions are asked in a call. */
export interface Voice {
  calls: number;
  turns: number;
}

/** Questions of the demo that its documentation answers. */
const QUESTIONS = 3;
const COMMANDS = ['repeat', 'please repeat', 'say that again', 'a person', 'I want to talk to a person'];
/** What is still being written when a call has ended. */
const LOOK_MS = 250;
const LOOKS = 24;

interface Measured {
  startMs: number;
  latencies: number[];
  stops: number[];
  cpuPerMinute: number;
  pssMiB: number;
  wrong: string[];
  timeline: CallTurn[];
}

/** The first call of all: what our agent says, and how long it takes. The floor says the same. */
async function learn(
  installation: Installation,
  side: VoiceSide,
): Promise<{ script: VoiceScript; answers: Answers }> {
  const { suggestedQuestions } = installation.demo;
  const questions = suggestedQuestions.slice(0, QUESTIONS);
  const call = await placeCall(side, questions, { cutIn: false });
  const failed = call.turns.find(({ wrong }) => wrong !== null);
  if (failed) throw new Error(`The first call failed: ${failed.wrong}`);
  const { greeting, exchanges } = await writtenHistory(installation, call.room, questions.length);
  const answers: Answers = {};
  for (const [index, question] of questions.entries()) {
    const { question: asked, answer } = exchanges[index] ?? {};
    if (asked !== question || !answer) throw new Error(`"${question}" was heard as "${asked ?? ''}".`);
    answers[question] = { text: answer, soundMs: durationMs(call.turns[index]?.samples ?? new Int16Array()) };
  }
  const phrases = [
    ...suggestedQuestions.map((text, index) => ({
      id: `suggestion.${index}`,
      kind: 'suggestion' as const,
      text,
    })),
    ...COMMANDS.map((text, index) => ({ id: `command.${index}`, kind: 'command' as const, text })),
  ];
  const replies = Object.fromEntries(Object.entries(answers).map(([question, { text }]) => [question, text]));
  return { script: { greeting, replies, phrases }, answers };
}

interface Round {
  installation: Installation;
  hearing: SpeechRecogniser;
  answers: Answers;
  turns: number;
}

/** One call with its checks; turns that fail theirs have no figure. */
async function measureCall(side: VoiceSide, round: Round, from: number): Promise<Measured> {
  const { installation, hearing, answers, turns } = round;
  const known = Object.keys(answers);
  const questions = Array.from({ length: turns }, (_, index) => known[(from + index) % known.length] ?? '');
  const call = await placeCall(side, questions, { cutIn: true });
  const byEar = await checkByEar(hearing, call, answers);
  const inHistory = side.name === 'ours' ? await checkHistory(installation, call, answers) : [];
  const wrong = call.turns.map((_, index) => byEar[index] ?? inHistory[index] ?? null);
  const right = call.turns.filter((_, index) => wrong[index] === null);
  const { startMs, cpuPerMinute, pssMiB, room } = call;
  return {
    startMs,
    cpuPerMinute,
    pssMiB,
    latencies: right.map(({ latencyMs }) => latencyMs),
    stops: right.flatMap(({ stopMs }) => (stopMs === null ? [] : [stopMs])),
    wrong: wrong.filter((one) => one !== null),
    timeline: side.name === 'ours' ? await timelineOf(installation, room) : [],
  };
}

/** What the history has of each turn: the question as it was asked, and its answer. */
async function checkHistory(
  installation: Installation,
  { room, turns }: CallResult,
  answers: Answers,
): Promise<(string | null)[]> {
  const { exchanges } = await writtenHistory(installation, room, turns.length);
  if (exchanges.length !== turns.length)
    return turns.map(() => `${exchanges.length} questions are in the history, not ${turns.length}`);
  return turns.map(({ question }, index) => {
    const { question: asked, answer } = exchanges[index] ?? {};
    if (asked !== question) return `"${asked ?? ''}" is in the history`;
    return answer === answers[question]?.text ? null : 'another answer is in the history';
  });
}

/** The history of a call once everything that was said in it is told there, or after a while as it is. */
async function writtenHistory(
  installation: Installation,
  callId: string,
  turns: number,
): ReturnType<typeof historyOf> {
  for (let tries = 1; ; tries += 1) {
    const history = await historyOf(installation, callId);
    const told = history.exchanges.filter(({ answer }) => answer !== null);
    if (told.length >= turns || tries === LOOKS) return history;
    await sleep(LOOK_MS);
  }
}

async function timelineOf({ client, demo }: Installation, callId: string): Promise<CallTurn[]> {
  return (await client.call(getCallTimeline, { spaceId: demo.spaceId, callId })).turns;
}

/** F11 and F13: what the platform adds to a bare agent's turns, starts and cuts, and what a call costs. */
export async function measureVoice(
  installation: Installation,
  { calls, turns }: Voice,
): Promise<Record<'F11' | 'F13', Outcome>> {
  const ours = ourVoiceSide(installation);
  const { script, answers } = await learn(installation, ours);
  const floor = await floorVoiceSide(installation, script);
  const hearing = new SpeechRecogniser();
  const round = { installation, hearing, answers, turns };
  const results: Record<VoiceSide['name'], Measured[]> = { floor: [], ours: [] };
  try {
    // The first call of a side warms it up.
    await measureCall(floor, round, 0);
    for (let index = 0; index < calls; index += 1) {
      for (const side of [floor, ours]) results[side.name].push(await measureCall(side, round, index));
      console.log(`  F11 call ${index + 1}: ${say('floor', results.floor)}, ${say('ours', results.ours)}`);
    }
  } finally {
    await hearing.close();
    await floor.stop();
  }
  const refused = refusal(results.floor);
  return {
    F11: { rows: latencyRows(results), refused, raw: { script, results } },
    F13: { rows: costRows(results), refused, raw: 'with F11' },
  };
}

function say(name: string, results: readonly Measured[]): string {
  const last = results.at(-1);
  const wrong = last?.wrong.length ? ` (${last.wrong.length} wrong: ${last.wrong[0]})` : '';
  return `${name} ${median(last?.latencies ?? []).toFixed(0)} ms${wrong}`;
}

function refusal(floors: readonly Measured[]): string | null {
  const apart = drift(floors.map(({ latencies }) => median(latencies)));
  return apart > MOST_DRIFT ? `the calls of the bare agent lie ${(apart * 100).toFixed(0)} % apart` : null;
}

type Results = Record<VoiceSide['name'], Measured[]>;

function latencyRows({ floor, ours }: Results): Row[] {
  const latencies = [floor, ours].map((side) => side.flatMap((call) => call.latencies)) as [
    number[],
    number[],
  ];
  const stops = [floor, ours].map((side) => side.flatMap((call) => call.stops)) as [number[], number[]];
  const starts = [floor, ours].map((side) => side.map(({ startMs }) => startMs)) as [number[], number[]];
  const wrong = [...floor, ...ours].flatMap((call) => call.wrong).length;
  const row = (
    figure: string,
    [bare, own]: [number[], number[]],
    most: number,
    value: (values: readonly number[]) => number,
  ): Row => added({ figure, unit: 'ms', floor: value(bare), ours: value(own), most });
  const turns = `${latencies[0].length} and ${latencies[1].length} turns, ${wrong} without figure`;
  return [
    row(`F11 question to answer p50 (${turns})`, latencies, 30, median),
    row('F11 question to answer p99', latencies, 80, (values) => quantile(values, 0.99)),
    row('F11 start of a call to first sound p50', starts, 100, median),
    row('F11 cutting in to silence p50', stops, 20, median),
  ];
}

function costRows({ floor, ours }: Results): Row[] {
  const perCore = (calls: readonly Measured[]): number => 60 / median(calls.map((one) => one.cpuPerMinute));
  const memory = (calls: readonly Measured[]): number => median(calls.map(({ pssMiB }) => pssMiB));
  return [
    compare({
      figure: 'F13 calls per core (processor time of the job)',
      unit: '',
      digits: 1,
      floor: perCore(floor),
      ours: perCore(ours),
      goal: { sign: '>=', ratio: 0.9 },
    }),
    added({
      figure: 'F13 memory of a job',
      unit: 'MiB',
      floor: memory(floor),
      ours: memory(ours),
      most: 25,
    }),
  ];
}
