import { setTimeout as sleep } from 'node:timers/promises';
import {
  answerCall,
  type CallJob,
  type CallMessage,
  endCall,
  getCall,
  getCallTimeline,
  hangUpCall,
  issueCallToken,
  listCalls,
  newId,
  type Principal,
  receiveDtmf,
  sendDtmf,
  speechFinished,
  startCall,
  turnTranscribed,
} from '@parley/contracts';
import { TokenVerifier } from 'livekit-server-sdk';
import { openBench, type TelephonyBench } from '../../test/bench.ts';
import { liveKitKey } from '../../test/pod.ts';
import { Rooms } from '../../test/rooms.ts';

let bench: TelephonyBench;
let rooms: Rooms;

beforeAll(async () => {
  bench = await openBench();
  rooms = new Rooms(bench);
}, 120_000);
afterAll(async () => {
  await rooms.close();
  await bench.close();
});

const answer = (job: CallJob) => bench.answer(job);
const names = async (callId: string) => (await bench.events(callId)).map(({ name }) => name);
const startInput = ({ generation: _generation, ...rest }: CallJob) => rest;
test('a token admits one caller to one room, which calls the agent with everything it needs', async () => {
  const { callId: _call, spaceId: _space, generation: _generation, direction: _way, ...known } = bench.job();
  const access = await bench.call(issueCallToken, known);
  expect(access.serverUrl).toBe(bench.liveKit.url);
  const claims = await new TokenVerifier(liveKitKey.apiKey, liveKitKey.apiSecret).verify(
    access.participantToken,
  );
  expect(claims).toMatchObject({
    sub: 'caller-cont_ann',
    video: { roomJoin: true, room: access.callId, canPublishSources: ['microphone'], canSubscribe: true },
    attributes: { 'parley.callId': access.callId, 'parley.role': 'caller' },
  });
  const [agent] = claims.roomConfig?.agents ?? [];
  const job = {
    ...known,
    callId: access.callId,
    spaceId: bench.spaceId,
    generation: 1,
    direction: 'inbound',
  };
  expect({ name: agent?.agentName, job: JSON.parse(agent?.metadata ?? '{}') as unknown }).toEqual({
    name: 'parley',
    job,
  });
  const life = Date.parse(access.expiresAt) - Date.now();
  expect(life).toBeGreaterThan(590_000);
  expect(life).toBeLessThanOrEqual(600_000);
  await expect(bench.call(getCall, { callId: access.callId })).rejects.toMatchObject({ status: 404 });
});

test('a call is answered once, whoever asks again, and tells so once', async () => {
  const job = bench.job({ sender: { id: 'vis_bob', name: 'Bob' } });
  const first = await answer(job);
  expect(first).toMatchObject({
    ...{ callId: job.callId, conversationId: 'conv_bob', contactId: 'cont_ann', created: true },
    afterSequence: 0,
  });
  expect(first.timeLimitMs).toBeGreaterThan(119 * 60_000);
  const again = await answer(job);
  expect({ ...again, timeLimitMs: 0 }).toEqual({ ...first, timeLimitMs: 0 });
  expect(await names(job.callId)).toEqual(['telephony.call_ringing', 'telephony.call_connected']);
  expect(bench.opened.filter(({ sender }) => sender.id === 'vis_bob')).toHaveLength(1);
  const next = await answer({ ...job, generation: 2 });
  expect(next).toMatchObject({ conversationId: 'conv_bob', created: true, afterSequence: 0 });
  await expect(answer(job)).rejects.toMatchObject({ status: 409, code: 'superseded' });
  const report = { callId: job.callId, cause: 'failed' as const, generation: 1 };
  await expect(bench.call(endCall, report)).rejects.toMatchObject({ status: 409, code: 'superseded' });
  expect(await rooms.find(job.callId)).toMatchObject({ phase: 'connected' });
  const later = await answer(bench.job({ sender: { id: 'vis_bob', name: 'Bob' } }));
  expect(later).toMatchObject({ created: false, afterSequence: 7 });
});

test('a bridge starts a call: the agent is called into its room, once', async () => {
  const job = bench.job({ conversationId: 'conv_bridge', afterSequence: 3 });
  const access = await bench.call(startCall, startInput(job));
  await rooms.isThere(job.callId);
  const first = await bench.until(async () => (await rooms.called(job.callId))[0], 'The dispatch');
  expect(JSON.parse(first.metadata)).toEqual(job);
  await bench.call(startCall, startInput(job));
  await sleep(500);
  expect((await rooms.called(job.callId)).map(({ id }) => id)).toEqual([first.id]);
  expect(access.callId).toBe(job.callId);
  expect(await bench.call(getCall, { callId: job.callId })).toMatchObject({ phase: 'ringing' });
  expect(await answer(job)).toMatchObject({
    ...{ conversationId: 'conv_bridge', created: false, afterSequence: 3 },
  });
  await bench.call(endCall, { callId: job.callId, cause: 'silence' });
  await rooms.isGone(job.callId);
});

test('a call ends once, with its first cause, and what is asked of it afterwards is refused or unchanged', async () => {
  const job = bench.job();
  await answer(job);
  const news: CallMessage[] = [];
  const unsubscribe = bench.calls.subscribe(bench.spaceId, job.callId, (one) => {
    // A job's signs of life pass on the same subject, once a second.
    if (one.type !== 'job_alive') news.push(one);
  });
  const call = { callId: job.callId };
  expect(await bench.call(sendDtmf, { ...call, digits: '1w#' })).toMatchObject({ phase: 'connected' });
  await bench.call(receiveDtmf, { ...call, digit: '5' });
  const ended = await bench.call(hangUpCall, call);
  expect(ended).toMatchObject({ phase: 'ended', cause: 'hung_up_by_api' });
  expect(await bench.call(hangUpCall, call)).toEqual(ended);
  expect(await bench.call(endCall, { ...call, cause: 'caller_left' })).toEqual(ended);
  await expect(bench.call(sendDtmf, { ...call, digits: '1' })).rejects.toMatchObject({
    ...{ status: 409, code: 'call_not_live' },
  });
  await expect(answer(job)).rejects.toMatchObject({ status: 409, code: 'call_ended' });
  expect(await names(job.callId)).toEqual([
    'telephony.call_ringing',
    'telephony.call_connected',
    'telephony.dtmf_received',
    'telephony.call_ended',
  ]);
  await bench.until(() => news.length === 2, 'The news');
  expect(news).toEqual([
    { type: 'send_dtmf', ...call, digits: '1w#' },
    { type: 'hang_up', ...call },
  ]);
  unsubscribe();
  const { phases } = await bench.call(getCallTimeline, call);
  expect(phases.map(({ phase }) => phase)).toEqual(['ringing', 'connected', 'ended']);
});

test('what becomes of the conversation is the setting of the channel', async () => {
  await bench.channel({ channelId: 'chan_close', deploymentType: 'CALLS', channelIdentifier: '+4930100' });
  await bench.channel({ channelId: 'chan_pause', deploymentType: 'CALLS', afterCall: 'pause' });
  const endOf = async (change: Partial<CallJob>): Promise<unknown> => {
    const job = bench.job({ deploymentType: 'CALLS', ...change });
    await answer(job);
    const call = await bench.call(endCall, { callId: job.callId, cause: 'caller_left' });
    return [call.to, (await bench.events(job.callId)).at(-1)?.data['afterCall']];
  };
  expect(await endOf({ channelId: 'chan_close' })).toEqual(['+4930100', 'close']);
  expect(await endOf({ channelId: 'chan_pause' })).toEqual(['https://example.org', 'pause']);
  expect(await endOf({ channelId: 'chan_unknown' })).toEqual(['chan_unknown', 'close']);
  expect(await endOf({ channelId: 'chan_web', deploymentType: 'WEB' })).toEqual(['chan_web', 'keep']);
});

test('a call to a channel that is not active ends with that', async () => {
  await bench.channel({ channelId: 'chan_off', status: 'inactive' });
  for (const begin of [
    (job: CallJob) => answer(job),
    (job: CallJob) => bench.call(startCall, startInput(job)),
  ]) {
    const job = bench.job({ channelId: 'chan_off' });
    await expect(begin(job)).rejects.toMatchObject({ status: 409, code: 'channel_inactive' });
    const call = await bench.call(getCall, { callId: job.callId });
    expect(call).toMatchObject({ phase: 'ended', cause: 'channel_inactive', answeredAt: null });
    expect(await names(job.callId)).toEqual(['telephony.call_ringing', 'telephony.call_ended']);
  }
});

test('calls are listed, newest first, page by page, and by what they belong to', async () => {
  const channelId = 'chan_list';
  const ids: string[] = [];
  for (const no of [1, 2, 3]) {
    const job = bench.job({ channelId, sender: { id: `vis_list${no}`, name: null } });
    ids.unshift(job.callId);
    await answer(job);
    await sleep(2);
  }
  await bench.call(endCall, { callId: ids[0] ?? '', cause: 'silence' });
  const list = async (filter: object) => bench.call(listCalls, { channelId, ...filter });
  const first = await list({ limit: 2 });
  expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  const rest = await list({ limit: 2, cursor: first.nextCursor ?? '' });
  expect({ ids: rest.data.map(({ id }) => id), next: rest.nextCursor }).toEqual({
    ids: ids.slice(2),
    next: null,
  });
  expect((await list({ phase: 'ended' })).data.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  expect((await list({ conversationId: 'conv_list2' })).data.map(({ id }) => id)).toEqual([ids[1]]);
  await expect(list({ cursor: 'nonsense' })).rejects.toMatchObject({ status: 400 });
});

test('a timeline tells each turn in order, and what the caller felt', async () => {
  const job = bench.job({ sender: { id: 'vis_time', name: null } });
  const { conversationId } = await answer(job);
  const t0 = Date.now();
  const at = (ms: number): string => new Date(t0 + ms).toISOString();
  // Ids that would put the turns in another order than their moments do.
  const [greeting, more, one, two, reply] = [5, 4, 3, 2, 1].map((ms) => newId('msg', t0 + ms));
  const heard = (messageId: string | undefined, from: number) => ({
    ...{ conversationId, callId: job.callId, messageId: messageId ?? '', text: 'x', typed: false },
    ...{ confidence: null, startOfSpeechAt: at(from), endOfSpeechAt: at(from + 900) },
    ...{ endOfTurnAt: at(from + 1200), transcribedAt: at(from + 1250) },
  });
  const spoken = (messageId: string | undefined, replyTo: string | undefined, from: number) => ({
    ...{ conversationId, callId: job.callId, messageId: messageId ?? '', replyTo: replyTo ?? null },
    ...{ attempt: 1, generated: 'a b', spoken: 'a', interruptedAtMs: 400, firstTokenAt: at(from - 60) },
    ...{ firstAudioAt: at(from - 20), startedAt: at(from), endedAt: at(from + 400) },
  });
  // The answer to the first turn is told of before the turn; it is spoken again by a job that took over.
  await bench.say(speechFinished, spoken(reply, one, 3000));
  await bench.say(turnTranscribed, heard(two, 5000));
  await bench.say(turnTranscribed, heard(one, 1000));
  await bench.say(turnTranscribed, heard(one, 1000));
  await bench.say(speechFinished, spoken(greeting, undefined, 100));
  await bench.say(speechFinished, spoken(more, one, 3500));
  await bench.say(speechFinished, spoken(reply, one, 9000));
  const timeline = await bench.until(async () => {
    const found = await bench.call(getCallTimeline, { callId: job.callId });
    return found.turns.find(({ playoutEndedAt }) => playoutEndedAt === at(9400)) && found;
  }, 'The timeline');
  expect(timeline.phases.map(({ phase }) => phase)).toEqual(['ringing', 'connected', 'active']);
  expect(
    timeline.turns.map(({ messageId, replyId, latencyMs }) => ({ messageId, replyId, latencyMs })),
  ).toEqual([
    { messageId: null, replyId: greeting, latencyMs: null },
    { messageId: one, replyId: reply, latencyMs: 1100 },
    { messageId: one, replyId: more, latencyMs: null },
    { messageId: two, replyId: null, latencyMs: null },
  ]);
  expect(timeline.turns[1]).toEqual({
    ...{ messageId: one, replyId: reply, startOfSpeechAt: at(1000), endOfSpeechAt: at(1900) },
    ...{ endOfTurnAt: at(2200), transcribedAt: at(2250), firstTokenAt: at(2940), firstAudioAt: at(2980) },
    ...{ playoutAt: at(3000), playoutEndedAt: at(9400), interruptedAtMs: 400, latencyMs: 1100 },
  });
});

test('calls are not there for another space', async () => {
  const job = bench.job();
  await answer(job);
  const stranger: Principal = { type: 'account', id: 'acc_eve', spaces: { [bench.otherSpaceId]: 'owner' } };
  const place = { spaceId: bench.otherSpaceId, callId: job.callId };
  const theirs = { ...job, spaceId: bench.otherSpaceId };
  const calls = [
    bench.call(getCall, place, { principal: stranger }),
    bench.call(getCallTimeline, place, { principal: stranger }),
    bench.call(hangUpCall, place, { principal: stranger }),
    bench.call(sendDtmf, { ...place, digits: '1' }, { principal: stranger }),
    bench.call(receiveDtmf, { ...place, digit: '1' }),
    bench.call(endCall, { ...place, cause: 'failed' }),
    bench.call(startCall, startInput(theirs)),
    bench.call(answerCall, { spaceId: bench.otherSpaceId, job: theirs }),
  ];
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
  expect((await bench.call(listCalls, { spaceId: bench.otherSpaceId })).data).toEqual([]);
  const mixed = bench.call(answerCall, { spaceId: bench.otherSpaceId, job });
  await expect(mixed).rejects.toMatchObject({ status: 422 });
  expect(await bench.call(getCall, { callId: job.callId })).toMatchObject({ phase: 'connected' });
});
