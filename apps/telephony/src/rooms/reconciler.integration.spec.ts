import { setTimeout as sleep } from 'node:timers/promises';
import { endCall } from '@parley/contracts';
import { openBench, type TelephonyBench } from '../../test/bench.ts';
import { Rooms } from '../../test/rooms.ts';

let bench: TelephonyBench;
let rooms: Rooms;

beforeAll(async () => {
  bench = await openBench();
  rooms = new Rooms(bench);
}, 120_000);
afterEach(() => {
  bench.listening = true;
});
afterAll(async () => {
  await rooms.close();
  await bench.close();
}, 60_000);

/** As if the call had begun that long ago. */
const age = (callId: string, milliseconds: number) =>
  bench.in((trx) =>
    trx
      .updateTable('call')
      .set({ started_at: new Date(Date.now() - milliseconds) })
      .where('id', '=', callId)
      .execute(),
  );

test('a call that no webhook told of is found, and its end as well', async () => {
  bench.listening = false;
  const { job, callId, token } = await rooms.access();
  await bench.stopPod();
  const room = await rooms.join(token);
  await bench.startPod();
  expect(await rooms.inPhase(callId, 'ringing')).toMatchObject({ from: 'vis_ann' });
  await bench.answer(job);
  await room.disconnect();
  await rooms.service.deleteRoom(callId);
  await age(callId, 15_000);
  expect(await rooms.inPhase(callId, 'ended')).toMatchObject({ cause: 'connection_lost' });
}, 60_000);

test('after the death of LiveKit a call goes on with a caller who comes back, and ends without', async () => {
  const [back, away] = [await rooms.callIn(), await rooms.callIn()];
  for (const { job, callId } of [back, away]) {
    await bench.answer(job);
    await age(callId, 15_000);
  }
  await bench.liveKit.process.stop('SIGKILL');
  for (const { room } of [back, away]) await room.disconnect().catch(() => undefined);
  await bench.startLiveKit();
  await sleep(2500);
  const again = await rooms.join(back.token);
  const ended = await rooms.inPhase(away.callId, 'ended');
  expect(ended).toMatchObject({ cause: 'connection_lost' });
  expect(await rooms.find(back.callId)).toMatchObject({ phase: 'connected' });
  await again.disconnect();
  expect(await rooms.inPhase(back.callId, 'ended')).toMatchObject({ cause: 'caller_left' });
}, 60_000);

test('what is left in the room of an ended call is put out', async () => {
  const { job, callId } = await rooms.callIn();
  await bench.answer(job);
  await bench.call(endCall, { callId, cause: 'silence' });
  await rooms.isGone(callId);
  await sleep(2500);
  const agent = await rooms.joinAsAgent(callId);
  // LiveKit itself would leave it there for longer.
  await bench.until(() => !agent.isConnected, 'The end of the agent', 4500);
}, 60_000);

test('a call that lasts too long ends, one within its time does not', async () => {
  const [long, short] = [await rooms.callIn(), await rooms.callIn()];
  for (const { job } of [long, short]) await bench.answer(job);
  await age(long.callId, 121 * 60_000);
  await age(short.callId, 119 * 60_000);
  expect(await rooms.inPhase(long.callId, 'ended')).toMatchObject({ cause: 'time_limit' });
  await sleep(2500);
  expect(await rooms.find(short.callId)).toMatchObject({ phase: 'connected' });
}, 60_000);
