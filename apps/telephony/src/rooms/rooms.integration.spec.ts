import { endCall, hangUpCall, startCall } from '@parley/contracts';
import { AccessToken } from 'livekit-server-sdk';
import { openBench, type TelephonyBench } from '../../test/bench.ts';
import { liveKitKey } from '../../test/pod.ts';
import { Rooms, signed } from '../../test/rooms.ts';

let bench: TelephonyBench;
let rooms: Rooms;

beforeAll(async () => {
  // What is shown here happens by itself, not because somebody looks after it later.
  bench = await openBench({ without: 'reconciler' });
  rooms = new Rooms(bench);
}, 120_000);
afterAll(async () => {
  await rooms.close();
  await bench.close();
}, 60_000);

const names = async (callId: string) => (await bench.events(callId)).map(({ name }) => name);

test('a visitor who joins rings, calls the agent, and ends the call by leaving', async () => {
  const { job, room } = await rooms.callIn();
  const { callId } = job;
  expect(await rooms.inPhase(callId, 'ringing')).toMatchObject({ from: 'vis_ann', channelId: 'chan_web' });
  expect(await rooms.jobs(callId)).toEqual([job]);
  await bench.answer(job);
  await room.disconnect();
  expect(await rooms.inPhase(callId, 'ended')).toMatchObject({ cause: 'caller_left' });
  expect(await names(callId)).toEqual([
    'telephony.call_ringing',
    'telephony.call_connected',
    'telephony.call_ended',
  ]);
  await rooms.isGone(callId);
});

test('a hang-up puts everybody out of the room', async () => {
  const { job, room } = await rooms.callIn();
  await rooms.joinAsAgent(job.callId);
  await bench.answer(job);
  expect(await bench.call(hangUpCall, { callId: job.callId })).toMatchObject({ cause: 'hung_up_by_api' });
  await rooms.isGone(job.callId);
  await bench.until(() => !room.isConnected, 'The disconnect');
  await rooms.webhook('room_finished', job.callId);
  expect(await rooms.find(job.callId)).toMatchObject({ cause: 'hung_up_by_api' });
});

test('who comes back with the token of an ended call is put out again', async () => {
  const { job, token } = await rooms.callIn();
  await bench.answer(job);
  await bench.call(endCall, { callId: job.callId, cause: 'silence' });
  await rooms.isGone(job.callId);
  const again = await rooms.join(token);
  await bench.until(() => !again.isConnected, 'The disconnect');
  expect(await rooms.find(job.callId)).toMatchObject({ phase: 'ended', cause: 'silence' });
  expect((await names(job.callId)).filter((name) => name === 'telephony.call_ended')).toHaveLength(1);
});

test('a caller who comes anew under its identity stays in the call', async () => {
  const { job, token, room } = await rooms.callIn();
  await bench.answer(job);
  await rooms.webhook('participant_joined', job.callId);
  const second = await rooms.join(token);
  await bench.until(() => !room.isConnected, 'The disconnect of the first');
  await rooms.webhook('participant_left', job.callId);
  expect(await rooms.find(job.callId)).toMatchObject({ phase: 'connected' });
  await second.disconnect();
  expect(await rooms.inPhase(job.callId, 'ended')).toMatchObject({ cause: 'caller_left' });
});

test('webhooks that are forged, late, repeated or of other rooms change nothing', async () => {
  const { job } = await rooms.callIn();
  const { callId } = job;
  await bench.answer(job);
  const real = await rooms.webhook('participant_joined', callId);
  const left = real.body
    .replace('participant_joined', 'participant_left')
    .replace(/"id":"[^"]*"/, '"id":"EV_forged"');
  expect(await bench.pass({ authorization: real.authorization, body: left })).toBe(401);
  const foreign = new AccessToken(liveKitKey.apiKey, 'another-secret-of-thirty-two-chars', { ttl: 60 });
  expect(await bench.pass({ authorization: await foreign.toJwt(), body: real.body })).toBe(401);
  expect(await bench.pass({ authorization: '', body: real.body })).toBe(401);
  expect(await rooms.find(callId)).toMatchObject({ phase: 'connected' });
  expect(await bench.pass(real)).toBe(200);
  const stale = left.replace('EV_forged', 'EV_stale').replace(/"sid":"PA_[^"]*"/, '"sid":"PA_older"');
  expect(await bench.pass(await signed(stale))).toBe(200);
  expect(await bench.pass(await signed(left.replaceAll(callId, 'call_unknown')))).toBe(200);
  expect(
    await bench.pass(await signed(left.replaceAll(callId, 'another room').replace('EV_forged', 'EV_other'))),
  ).toBe(200);
  expect(await rooms.find(callId)).toMatchObject({ phase: 'connected' });
  const again = left.replace('EV_forged', 'EV_left');
  expect(await bench.pass(await signed(again))).toBe(200);
  expect(await bench.pass(await signed(again.replace('EV_left', 'EV_left_again')))).toBe(200);
  expect(await rooms.find(callId)).toMatchObject({ phase: 'ended', cause: 'caller_left' });
  const late = real.body.replace(/"id":"[^"]*"/, '"id":"EV_late"');
  expect(await bench.pass(await signed(late))).toBe(200);
  expect(await rooms.find(callId)).toMatchObject({ phase: 'ended', cause: 'caller_left' });
  expect(await names(callId)).toEqual([
    'telephony.call_ringing',
    'telephony.call_connected',
    'telephony.call_ended',
  ]);
});

test('while LiveKit is away no call can be started, and nothing is left of the attempt', async () => {
  await bench.liveKit.process.stop('SIGKILL');
  const job = bench.job({ conversationId: 'conv_one', afterSequence: 0 });
  const { generation: _generation, ...input } = job;
  const refused = { status: 503, retryAfterSeconds: 1 };
  await expect(bench.call(startCall, input)).rejects.toMatchObject(refused);
  expect(await rooms.find(job.callId)).toBeNull();
  await bench.startLiveKit();
  expect(await bench.call(startCall, input)).toMatchObject({ callId: job.callId });
  await rooms.isThere(job.callId);
});
