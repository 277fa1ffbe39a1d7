import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { dispose, RoomEvent } from '@livekit/rtc-node';
import { type CallJob, callTopics } from '@parley/contracts';
import { noise, synthesize } from '@parley/testing';
import { VoiceBench } from '../../test/bench.ts';
import { type Caller, RATE } from '../../test/caller.ts';
import { hearing } from './call-session.ts';

// Sound goes on by the clock: where the machine stood still meanwhile, a caller was not heard.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** RMS of a noise about as loud as speech. */
const LOUD = 5800;
/** How long the scripted voice takes for a word. */
const WORD_MS = 200;

let bench: VoiceBench;
let question: Int16Array;
const callers: Caller[] = [];

beforeAll(async () => {
  bench = new VoiceBench();
  const text = 'Could you please tell me how long I have to return it?';
  question = await synthesize(text, { sampleRate: RATE });
  await bench.open();
}, 180_000);
afterAll(async () => {
  await dispose();
  await bench.close();
}, 60_000);

afterEach(async () => {
  for (const caller of callers.splice(0)) await caller.leave().catch(() => undefined);
});

async function calledIn(
  change: Partial<CallJob> = {},
): Promise<{ caller: Caller; job: CallJob; from: Counts }> {
  const from = { speeches: bench.speeches.length, turns: bench.turns.length };
  bench.newConversation();
  const called = await bench.call(change);
  callers.push(called.caller);
  return { ...called, from };
}

/** When it was told that what was not played yet is void. */
function cutsToldTo({ room }: Caller): number[] {
  const cuts: number[] = [];
  room.on(RoomEvent.DataReceived, (_data, _from, _kind, topic) => {
    if (topic === callTopics.cut) cuts.push(Date.now());
  });
  return cuts;
}

interface Counts {
  speeches: number;
  turns: number;
}

const long = Array.from({ length: 40 }, (_, index) => `word${index}`).join(' ');

test('a caller is greeted, heard and answered from tokens that come live', async () => {
  bench.answer = () => ({
    live: ['You have ', 'thirty days ', 'to return it. ', 'Then it ', 'is yours.'],
    paceMs: 60,
    text: 'You have thirty days to return it. Then it is yours.',
  });
  const { caller, job } = await calledIn();
  await bench.post('Hello, this is the **shop**. How can I help?');
  const greeted = await bench.until(() => bench.speeches[0], 'The greeting');
  expect(greeted).toMatchObject({
    callId: job.callId,
    generated: 'Hello, this is the shop. How can I help?',
    spoken: 'Hello, this is the shop. How can I help?',
    interruptedAtMs: null,
  });
  expect(caller.heardSince(0)).toBeGreaterThan(9 * WORD_MS * 0.5);
  const said = await caller.say(question);
  const turn = await bench.until(() => bench.turns[0], 'The turn');
  expect(turn).toMatchObject({ callId: job.callId, text: 'question 1', typed: false, confidence: 0.9 });
  const answered = await bench.until(() => bench.speeches[1], 'The answer');
  expect(answered).toMatchObject({
    replyTo: turn.messageId,
    generated: 'You have thirty days to return it. Then it is yours.',
    spoken: 'You have thirty days to return it. Then it is yours.',
    interruptedAtMs: null,
  });
  const first = caller.heard.find(({ from }) => from > said.to);
  expect((first?.from ?? 0) - said.to).toBeLessThan(3000);
  expect(bench.turns).toHaveLength(1);
}, 90_000);

test('a caller who cuts in is heard at once, and what was spoken is what was heard', async () => {
  const { caller, from } = await calledIn();
  const cuts = cutsToldTo(caller);
  bench.answer = () => ({ text: 'As you wish.' });
  await bench.post(`${long}.`);
  await bench.until(() => caller.heardSince(0) > 2000, 'The agent’s voice');
  const begun = caller.heard[0]?.from ?? 0;
  const { from: cutIn } = await caller.say(question);
  const cut = await bench.until(() => bench.speeches[from.speeches], 'The cut');
  const sounds = caller.heard.filter(({ from: at }) => at < cutIn + 1500);
  const silentAt = sounds.at(-1)?.to ?? 0;
  // Speech has to last for the least duration before it counts.
  expect(silentAt - cutIn - hearing.interruptionMs).toBeLessThan(900);
  // Whoever carries the sound on has been told by then, and not when the caller had finished speaking.
  expect((cuts[0] ?? Infinity) - silentAt).toBeLessThan(200);
  expect(cut.generated.startsWith(cut.spoken)).toBe(true);
  expect(cut.interruptedAtMs).toBeGreaterThan(1500);
  const words = cut.spoken.split(' ').length;
  expect(Math.abs(words - (silentAt - begun) / WORD_MS)).toBeLessThanOrEqual(2);
  await bench.until(() => bench.speeches[from.speeches + 1]?.spoken === 'As you wish.', 'The answer');
}, 90_000);

test('keys cut the voice off, tell so to who carries it, and are one turn', async () => {
  const { caller, from } = await calledIn();
  const cuts = cutsToldTo(caller);
  bench.answer = () => ({ text: 'You chose forty-two.' });
  await bench.post(`${long}.`);
  await bench.until(() => caller.heardSince(0) > 1000, 'The agent’s voice');
  const pressed = Date.now();
  for (const key of '42#') await caller.room.localParticipant?.publishDtmf('0123456789*#'.indexOf(key), key);
  const turn = await bench.until(() => bench.turns[from.turns], 'The turn');
  expect(turn).toMatchObject({ text: '42', typed: true, confidence: null });
  const told = await bench.until(() => cuts[0], 'The news of the cut');
  expect(told - pressed).toBeLessThan(500);
  const [cut, answer] = await bench.until(() => {
    const said = bench.speeches.slice(from.speeches);
    return said.length > 1 ? said : null;
  }, 'The answer');
  expect(cut?.spoken.length).toBeLessThan(cut?.generated.length ?? 0);
  expect(answer).toMatchObject({ replyTo: turn.messageId, spoken: 'You chose forty-two.' });
  expect(bench.turns).toHaveLength(from.turns + 1);
  expect(cuts).toHaveLength(1);
}, 90_000);

test('a person who takes over ends the answer that is being written, and is heard', async () => {
  const { caller, from } = await calledIn();
  const live = Array.from({ length: 60 }, (_, index) => `This is word ${index}. `);
  bench.answer = () => ({ live, paceMs: 300, text: live.join(''), internal: true });
  await bench.post('Good day to you.');
  await bench.until(() => bench.speeches[from.speeches], 'The greeting');
  await caller.say(question);
  const before = caller.heardSince(0);
  await bench.until(() => caller.heardSince(0) > before + 1500, 'The beginning of the answer');
  await bench.takeOver();
  const id = await bench.post('Here is Pat.', {
    author: { type: 'account', accountId: 'acc_one', name: 'Pat' },
  });
  const said = await bench.until(
    () => bench.speeches.find(({ messageId }) => messageId === id),
    'The person',
  );
  expect(said).toMatchObject({ spoken: 'Here is Pat.', interruptedAtMs: null });
  const cut = await bench.until(
    () => bench.speeches.slice(from.speeches + 1).find(({ messageId }) => messageId !== id),
    'What was heard of the answer',
    30_000,
  );
  expect(cut.generated.startsWith(cut.spoken)).toBe(true);
  expect(cut.spoken.length).toBeLessThan(cut.generated.length);
}, 90_000);

test('a noise does not cut off what is being said', async () => {
  const { caller, from } = await calledIn();
  await bench.post(`${long.slice(0, 120)}.`);
  await bench.until(() => caller.heardSince(0) > 800, 'The agent’s voice');
  await caller.say(noise(400, RATE, { level: LOUD }));
  const speech = await bench.until(() => bench.speeches[from.speeches], 'The end of the speech');
  expect(speech).toMatchObject({ interruptedAtMs: null, spoken: speech.generated });
  expect(bench.turns).toHaveLength(from.turns);
}, 90_000);

test('while NATS is away nothing is lost and nothing said twice', async () => {
  const { caller, from } = await calledIn();
  bench.answer = () => ({ text: 'It is still there.' });
  await bench.post('Good day to you.');
  await bench.until(() => bench.speeches[from.speeches], 'The greeting');
  await bench.stopNats();
  await caller.say(question);
  await sleep(4000);
  await bench.startNats();
  const turn = await bench.until(() => bench.turns[from.turns], 'The turn');
  const answered = await bench.until(() => bench.speeches[from.speeches + 1], 'The answer');
  expect(answered).toMatchObject({ replyTo: turn.messageId, spoken: 'It is still there.' });
  await sleep(1500);
  expect(bench.turns).toHaveLength(from.turns + 1);
  expect(bench.saidTwice).toEqual([]);
}, 90_000);

test('when a job is killed the next one goes on, and does not say again what was heard', async () => {
  const { caller, job, from } = await calledIn();
  bench.answer = () => ({ text: `${long}.` });
  await bench.post('Good day to you.');
  await bench.until(() => bench.speeches[from.speeches], 'The greeting');
  await bench.until(
    () => bench.marked.has(bench.speeches.at(-1)?.messageId ?? ''),
    'What was heard, in the history',
  );
  const killedAfter = caller.heardSince(0);
  process.kill(bench.jobPid(job.callId), 'SIGKILL');
  await bench.dispatch({ ...job, conversationId: bench.conversationId, generation: 2 });
  await bench.until(() => bench.alive.get(job.callId) === 2, 'The second job');
  await sleep(2500);
  expect(caller.heardSince(0) - killedAfter).toBeLessThan(300);
  bench.answer = () => ({ text: 'Here I am again.' });
  await caller.say(question);
  const answered = await bench.until(() => bench.speeches[from.speeches + 1], 'The answer');
  expect(answered).toMatchObject({ spoken: 'Here I am again.' });
}, 90_000);

test('a call is ended by its API, and by silence after a goodbye', async () => {
  const { job } = await calledIn();
  await bench.until(() => bench.alive.get(job.callId) === 1, 'The job');
  await sleep(1500);
  bench.calls.publish(job.spaceId, job.callId, { type: 'hang_up', callId: job.callId });
  await bench.until(() => bench.ended.get(job.callId) === 'hung_up_by_api', 'The end');
  const quiet = await calledIn();
  await bench.until(() => bench.ended.get(quiet.job.callId) === 'silence', 'The end by silence', 40_000);
  expect(quiet.caller.heardSince(0)).toBeGreaterThan(8 * WORD_MS * 0.8);
}, 90_000);

test('a caller who leaves ends the call', async () => {
  const { caller, job, from } = await calledIn();
  await bench.post('Good day to you.');
  await bench.until(() => bench.speeches[from.speeches], 'The greeting');
  await caller.leave();
  await bench.until(() => bench.ended.get(job.callId) === 'caller_left', 'The end');
}, 60_000);

test('a call outlives its worker, which takes the next one when it is back', async () => {
  const { caller, from } = await calledIn();
  bench.answer = () => ({ text: 'I am still here.' });
  await bench.post('Good day to you.');
  await bench.until(() => bench.speeches[from.speeches], 'The greeting');
  bench.worker.kill('SIGKILL');
  bench.startWorker();
  // A job without its worker would end itself after 15 s.
  for (const said of ['One.', 'Two.', 'Three.', 'Four.']) {
    await bench.post(said);
    await sleep(4500);
  }
  await caller.say(question);
  await bench.until(() => bench.speeches.at(-1)?.spoken === 'I am still here.', 'The answer');
  await caller.leave();
  const next = await calledIn();
  await bench.post('Hello again.');
  await bench.until(() => bench.speeches[next.from.speeches], 'The greeting');
}, 90_000);

test('a worker that goes down finishes its calls and takes no other', async () => {
  const { caller, job, from } = await calledIn();
  bench.answer = () => ({ text: 'Take your time.' });
  await bench.post('Good day to you.');
  await bench.until(() => bench.speeches[from.speeches], 'The greeting');
  bench.worker.kill('SIGTERM');
  await sleep(1000);
  const late = await bench.call();
  callers.push(late.caller);
  await caller.say(question);
  await bench.until(() => bench.speeches.some(({ spoken }) => spoken === 'Take your time.'), 'The answer');
  expect(bench.worker.exitCode).toBeNull();
  expect(bench.alive.has(late.job.callId)).toBe(false);
  await caller.leave();
  await bench.until(() => bench.ended.get(job.callId) === 'caller_left', 'The end');
  await bench.until(() => bench.worker.exitCode === 0, 'The end of the worker');
}, 90_000);
