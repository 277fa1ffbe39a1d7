import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { dispose } from '@livekit/rtc-node';
import type { CallJob, RecordingMode } from '@parley/contracts';
import { synthesize } from '@parley/testing';
import { VoiceBench } from '../../../test/bench.ts';
import { type Caller, RATE } from '../../../test/caller.ts';

// Sound goes on by the clock: where the machine stood still meanwhile, a caller was not heard.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

let bench: VoiceBench;
let question: Int16Array;
const callers: Caller[] = [];

beforeAll(async () => {
  bench = new VoiceBench();
  question = await synthesize('Could you please tell me how long I have to return it?', { sampleRate: RATE });
  await bench.open();
}, 180_000);
afterAll(async () => {
  await dispose();
  await bench.close();
}, 60_000);
afterEach(async () => {
  bench.storage.isAway = false;
  for (const caller of callers.splice(0)) await caller.leave().catch(() => undefined);
});

async function calledIn(recording: RecordingMode): Promise<{ caller: Caller; job: CallJob }> {
  bench.recording = recording;
  bench.recorded.length = 0;
  bench.speeches.length = 0;
  bench.turns.length = 0;
  bench.newConversation();
  const called = await bench.call({ deploymentType: 'CALLS' });
  callers.push(called.caller);
  return called;
}

const told = (name: string): Record<string, unknown> | undefined =>
  bench.recorded.find((one) => one.name === `telephony.${name}`)?.input;

/** What is loud of each side, 10 ms each, and how many milliseconds there are. */
function loudIn(assetId: string): { caller: number[]; agent: number[]; all: number } {
  const bytes = bench.storage.joined(assetId).subarray(44);
  const frames = Math.floor(bytes.length / 4);
  const loud: [number[], number[]] = [[], []];
  for (let at = 0; at + 160 <= frames; at += 160)
    for (const side of [0, 1] as const) {
      const values = Array.from({ length: 160 }, (_none, index) =>
        Math.abs(bytes.readInt16LE((at + index) * 4 + side * 2)),
      );
      if (Math.max(...values) > 500) loud[side].push(at / 16);
    }
  return { caller: loud[0], agent: loud[1], all: frames / 16 };
}

/** Milliseconds of each side that are loud, and the whole. */
function soundOf(assetId: string): { caller: number; agent: number; all: number } {
  const { caller, agent, all } = loudIn(assetId);
  return { caller: caller.length * 10, agent: agent.length * 10, all };
}

/** When sound begins behind a second of silence, in milliseconds of the recording. */
const onsetsOf = (loud: number[]): number[] =>
  loud.filter((at, index) => at - (loud[index - 1] ?? -Infinity) > 1000);

test('a call is announced, then recorded: the caller on the left, the agent on the right', async () => {
  bench.answer = () => ({ text: 'You have thirty days to return it.' });
  const { caller, job } = await calledIn('announce');
  await bench.post('Good day to you.');
  const begun = await bench.until(() => told('begin_recording'), 'The beginning of the recording');
  const assetId = String(begun['assetId']);
  expect(begun).toMatchObject({ callId: job.callId, generation: 1 });
  // The announcement has four words, and is heard before anything is recorded.
  expect(caller.heardSince(0)).toBeGreaterThan(500);
  const recordedFrom = Date.now();
  await bench.until(() => bench.speeches[0], 'The greeting');
  const said = await caller.say(question);
  await bench.until(() => bench.speeches[1], 'The answer');
  const heard = caller.heardSince(recordedFrom);
  await bench.until(() => soundOf(assetId).caller > 1000, 'What was recorded so far', 6000);
  await caller.leave();
  const finished = await bench.until(() => told('finish_recording'), 'The end of the recording');
  expect(finished).toMatchObject({ callId: job.callId, assetId, incomplete: false });
  const sound = soundOf(assetId);
  expect(bench.storage.joined(assetId).readUInt32LE(40)).toBe(sound.all * 64);
  expect(Math.abs(sound.agent - heard)).toBeLessThan(0.2 * heard);
  expect(sound.caller).toBeGreaterThan(0.5 * (said.to - said.from));
  expect(sound.caller).toBeLessThan(1.2 * (said.to - said.from));
}, 90_000);

test('both sides stand where they were heard, at the end of a call as at its beginning', async () => {
  bench.answer = () => ({ text: 'Thirty days.' });
  const { caller } = await calledIn('announce');
  await bench.post('Good day to you.');
  const begun = await bench.until(() => told('begin_recording'), 'The beginning of the recording');
  await bench.until(() => bench.speeches[0], 'The greeting');
  const said: number[] = [];
  const answered: number[] = [];
  for (const no of [1, 2, 3, 4]) {
    await sleep(1200);
    const { from, to } = await caller.say(question);
    said.push(from);
    await bench.until(() => bench.speeches[no], 'The answer');
    answered.push(caller.heard.find((one) => one.from > to)?.from ?? 0);
  }
  await caller.leave();
  await bench.until(() => told('finish_recording'), 'The end of the recording');
  const loud = loudIn(String(begun['assetId']));
  const callers = onsetsOf(loud.caller).map((at, no) => at - (said[no] ?? 0));
  const agents = onsetsOf(loud.agent.filter((at) => at > (loud.caller[0] ?? 0))).map(
    (at, no) => at - (answered[no] ?? 0),
  );
  expect([callers.length, agents.length]).toEqual([4, 4]);
  const apart = callers.map((at, no) => at - (agents[no] ?? 0));
  // The way from the caller to the agent and back lies between them. A spec that stands still makes it longer, never shorter.
  const [early, late] = [Math.min(...apart.slice(0, 2)), Math.min(...apart.slice(2))];
  expect(Math.abs(late - early)).toBeLessThan(100);
  expect(Math.max(early, late)).toBeLessThan(300);
}, 90_000);

test('a call is recorded only after a yes where the space asks for one', async () => {
  const { caller } = await calledIn('ask');
  await bench.post('Good day to you.');
  // Whoever says something else has not agreed, and is answered.
  await bench.until(() => caller.heardSince(0) > 1500, 'The question');
  await sleep(600);
  await caller.say(question);
  await bench.until(() => bench.turns[0], 'The turn');
  await bench.until(() => bench.speeches[0], 'The greeting');
  expect(bench.recorded).toEqual([]);
}, 90_000);

test('a key agrees as well as a word', async () => {
  const { caller, job } = await calledIn('ask');
  await bench.post('Good day to you.');
  await bench.until(() => caller.heardSince(0) > 800, 'The question');
  expect(bench.recorded).toEqual([]);
  await caller.room.localParticipant?.publishDtmf(1, '1');
  const begun = await bench.until(() => told('begin_recording'), 'The beginning of the recording', 3000);
  await bench.until(() => bench.speeches.find(({ callId }) => callId === job.callId), 'The greeting');
  await caller.leave();
  await bench.until(() => told('finish_recording'), 'The end of the recording');
  const sound = soundOf(String(begun['assetId']));
  expect([sound.caller, sound.agent > 500]).toEqual([0, true]);
  expect(bench.turns).toEqual([]);
}, 60_000);

test('a call that shall not be recorded is not', async () => {
  const { caller } = await calledIn('off');
  await bench.post('Good day to you.');
  await bench.until(() => bench.speeches[0], 'The greeting');
  await caller.leave();
  await sleep(1000);
  expect(bench.recorded).toEqual([]);
}, 60_000);

test('the next job of a lost one goes on in a new file, without another announcement', async () => {
  const { caller, job } = await calledIn('announce');
  await bench.post('Good day to you.');
  const begun = await bench.until(() => told('begin_recording'), 'The beginning of the recording');
  const first = String(begun['assetId']);
  await bench.until(() => bench.speeches[0], 'The greeting');
  await bench.until(() => soundOf(first).agent > 0, 'The first part', 8000);
  process.kill(bench.jobPid(job.callId), 'SIGKILL');
  bench.recording = 'resume';
  bench.recorded.length = 0;
  const before = caller.heardSince(0);
  await bench.dispatch({ ...job, conversationId: bench.conversationId, generation: 2 });
  const again = await bench.until(() => told('begin_recording'), 'The second recording');
  expect(again).toMatchObject({ callId: job.callId, generation: 2 });
  expect(again['assetId']).not.toBe(first);
  // All that the lost one has sent is heard; its head may tell of the piece that was being sent.
  const kept = bench.storage.joined(first);
  const beyond = kept.readUInt32LE(40) - (kept.length - 44);
  expect(beyond).toBeGreaterThanOrEqual(0);
  expect(beyond).toBeLessThan(4 * 64_000);
  await caller.say(question);
  await bench.until(() => bench.turns[0], 'The turn');
  await caller.leave();
  const finished = await bench.until(() => told('finish_recording'), 'The end of the recording');
  expect(finished).toMatchObject({ assetId: again['assetId'] });
  expect(soundOf(String(again['assetId'])).caller).toBeGreaterThan(1000);
  expect(before).toBeGreaterThan(0);
}, 90_000);
