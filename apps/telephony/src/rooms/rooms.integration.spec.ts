import { dispose, Room } from '@livekit/rtc-node';
import {
  answerCall,
  type Call,
  type CallJob,
  endCall,
  getCall,
  hangUpCall,
  issueCallToken,
  startCall,
} from '@parley/contracts';
import { AccessToken, AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import { liveKitKey, openBench, type TelephonyBench, type Webhook } from '../../test/bench.ts';

const { apiKey, apiSecret } = liveKitKey;
let bench: TelephonyBench;
let rooms: RoomServiceClient;
let dispatches: AgentDispatchClient;
const joined: Room[] = [];

beforeAll(async () => {
  bench = await openBench();
  const host = bench.liveKit.url.replace('ws', 'http');
  rooms = new RoomServiceClient(host, apiKey, apiSecret);
  dispatches = new AgentDispatchClient(host, apiKey, apiSecret);
}, 120_000);
afterAll(async () => {
  for (const room of joined) await room.disconnect().catch(() => undefined);
  await dispose();
  await bench.close();
}, 60_000);

async function join(token: string): Promise<Room> {
  const room = new Room();
  joined.push(room);
  await room.connect(bench.liveKit.url, token, { autoSubscribe: false, dynacast: false });
  return room;
}

/** A visitor's way into a call: a token, and the room it opens. */
async function callIn(): Promise<{ job: CallJob; room: Room; token: string }> {
  const { callId: _call, spaceId: _space, generation: _generation, direction: _way, ...known } = bench.job();
  const access = await bench.call(issueCallToken, known);
  const room = await join(access.participantToken);
  return { job: bench.job({ callId: access.callId }), room, token: access.participantToken };
}

async function joinAsAgent(callId: string, identity = 'agent-one'): Promise<Room> {
  const token = new AccessToken(apiKey, apiSecret, { identity });
  token.kind = 'agent';
  token.addGrant({ roomJoin: true, room: callId, agent: true, canPublish: true, canSubscribe: true });
  return join(await token.toJwt());
}

const find = (callId: string): Promise<Call | null> => bench.call(getCall, { callId }).catch(() => null);
const inPhase = (callId: string, phase: Call['phase'], patienceMs?: number): Promise<Call> =>
  bench.until(
    async () => {
      const call = await find(callId);
      return call?.phase === phase && call;
    },
    `The phase ${phase}`,
    patienceMs,
  );
const roomIsGone = (callId: string): Promise<boolean> =>
  bench.until(async () => (await rooms.listRooms([callId])).length === 0, 'The end of the room');
const webhook = (event: string, room: string): Promise<Webhook> =>
  bench.until(
    () => bench.webhooks.find((one) => one.event === event && one.room === room),
    `The webhook ${event}`,
  );
const names = async (callId: string) => (await bench.events(callId)).map(({ name }) => name);

test('a visitor who joins rings, calls the agent, and ends the call by leaving', async () => {
  const { job, room } = await callIn();
  const { callId } = job;
  expect(await inPhase(callId, 'ringing')).toMatchObject({ from: 'vis_ann', channelId: 'chan_web' });
  const called = (await dispatches.listDispatch(callId)).filter(({ agentName }) => agentName === 'parley');
  expect(called.map(({ metadata }) => JSON.parse(metadata) as unknown)).toEqual([job]);
  await bench.call(answerCall, { job });
  await room.disconnect();
  expect(await inPhase(callId, 'ended')).toMatchObject({ cause: 'caller_left' });
  expect(await names(callId)).toEqual(['telephony.call_connected', 'telephony.call_ended']);
  await roomIsGone(callId);
});

test('a hang-up puts everybody out of the room', async () => {
  const { job, room } = await callIn();
  await joinAsAgent(job.callId);
  await bench.call(answerCall, { job });
  expect(await bench.call(hangUpCall, { callId: job.callId })).toMatchObject({ cause: 'hung_up_by_api' });
  await roomIsGone(job.callId);
  await bench.until(() => !room.isConnected, 'The disconnect');
  await webhook('room_finished', job.callId);
  expect(await find(job.callId)).toMatchObject({ cause: 'hung_up_by_api' });
});

test('who comes back with the token of an ended call is put out again', async () => {
  const { job, token } = await callIn();
  await bench.call(answerCall, { job });
  await bench.call(endCall, { callId: job.callId, cause: 'silence' });
  await roomIsGone(job.callId);
  const again = await join(token);
  await bench.until(() => !again.isConnected, 'The disconnect');
  expect(await find(job.callId)).toMatchObject({ phase: 'ended', cause: 'silence' });
  expect((await names(job.callId)).filter((name) => name === 'telephony.call_ended')).toHaveLength(1);
});

test('a caller who comes anew under its identity stays in the call', async () => {
  const { job, token, room } = await callIn();
  await bench.call(answerCall, { job });
  await webhook('participant_joined', job.callId);
  const second = await join(token);
  await bench.until(() => !room.isConnected, 'The disconnect of the first');
  await webhook('participant_left', job.callId);
  expect(await find(job.callId)).toMatchObject({ phase: 'connected' });
  await second.disconnect();
  expect(await inPhase(job.callId, 'ended')).toMatchObject({ cause: 'caller_left' });
});

test('webhooks that are forged, late, repeated or of other rooms change nothing', async () => {
  const { job } = await callIn();
  const { callId } = job;
  await bench.call(answerCall, { job });
  const real = await webhook('participant_joined', callId);
  const left = real.body
    .replace('participant_joined', 'participant_left')
    .replace(/"id":"[^"]*"/, '"id":"EV_forged"');
  expect(await bench.pass({ authorization: real.authorization, body: left })).toBe(401);
  const foreign = new AccessToken(apiKey, 'another-secret-of-thirty-two-chars', { ttl: 60 });
  expect(await bench.pass({ authorization: await foreign.toJwt(), body: real.body })).toBe(401);
  expect(await bench.pass({ authorization: '', body: real.body })).toBe(401);
  expect(await find(callId)).toMatchObject({ phase: 'connected' });
  expect(await bench.pass(real)).toBe(200);
  const stale = left.replace('EV_forged', 'EV_stale').replace(/"sid":"PA_[^"]*"/, '"sid":"PA_older"');
  expect(await bench.pass(await signed(stale))).toBe(200);
  expect(await bench.pass(await signed(left.replaceAll(callId, 'call_unknown')))).toBe(200);
  expect(
    await bench.pass(await signed(left.replaceAll(callId, 'another room').replace('EV_forged', 'EV_other'))),
  ).toBe(200);
  expect(await find(callId)).toMatchObject({ phase: 'connected' });
  const again = left.replace('EV_forged', 'EV_left');
  expect(await bench.pass(await signed(again))).toBe(200);
  expect(await bench.pass(await signed(again.replace('EV_left', 'EV_left_again')))).toBe(200);
  expect(await find(callId)).toMatchObject({ phase: 'ended', cause: 'caller_left' });
  const late = real.body.replace(/"id":"[^"]*"/, '"id":"EV_late"');
  expect(await bench.pass(await signed(late))).toBe(200);
  expect(await find(callId)).toMatchObject({ phase: 'ended', cause: 'caller_left' });
  expect(await names(callId)).toEqual(['telephony.call_connected', 'telephony.call_ended']);
});

/** A webhook as LiveKit would sign it. */
async function signed(body: string): Promise<{ authorization: string; body: string }> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  const token = new AccessToken(apiKey, apiSecret, { ttl: 60 });
  token.sha256 = Buffer.from(hash).toString('base64');
  return { authorization: await token.toJwt(), body };
}

test('while LiveKit is away no call can be started, and nothing is left of the attempt', async () => {
  await bench.liveKit.process.stop('SIGKILL');
  const job = bench.job({ conversationId: 'conv_one', afterSequence: 0 });
  const { generation: _generation, ...input } = job;
  const refused = { status: 503, retryAfterSeconds: 1 };
  await expect(bench.call(startCall, input)).rejects.toMatchObject(refused);
  expect(await find(job.callId)).toBeNull();
  await bench.startLiveKit();
  expect(await bench.call(startCall, input)).toMatchObject({ callId: job.callId });
  await bench.until(async () => (await rooms.listRooms([job.callId])).length > 0, 'The room');
});
