import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNatsServer, freePort, startNatsServer } from '@parley/testing';
import { openBench, type TelephonyBench } from '../../test/bench.ts';
import { Rooms } from '../../test/rooms.ts';

let bench: TelephonyBench;
let rooms: Rooms;
let nats: OwnNats;

beforeAll(async () => {
  nats = await startNats();
  bench = await openBench({ natsUrl: nats.url });
  rooms = new Rooms(bench);
}, 120_000);
afterAll(async () => {
  await rooms.close();
  await bench.close();
  await nats.stop();
}, 60_000);

interface OwnNats {
  url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A nats-server that may be killed. */
async function startNats(): Promise<OwnNats> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-nats-'));
  const [program, port] = [await findNatsServer(), await freePort()];
  const store = JSON.stringify(join(folder, 'store'));
  const config = `host: "127.0.0.1"\nport: ${port}\njetstream { store_dir: ${store}, sync_interval: always }\n`;
  const begin = () => startNatsServer({ program, configFile: join(folder, 'nats.conf'), config, port });
  let server = await begin();
  return {
    url: `nats://127.0.0.1:${port}`,
    kill: () => server.stop('SIGKILL').then(() => undefined),
    start: async () => {
      server = await begin();
    },
    stop: async () => {
      await server.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a worker does: takes the dispatch of this generation when it comes. */
const dispatched = (callId: string, generation: number) =>
  bench.until(
    async () => (await rooms.jobs(callId)).find((job) => job.generation === generation),
    `The dispatch of generation ${generation}`,
  );
const generationOf = async (callId: string) =>
  (await bench.in((trx) => trx.selectFrom('call').select('generation').where('id', '=', callId).execute()))[0]
    ?.generation;

test('another agent takes the place of one that is lost, with all it needs, and the old one is out', async () => {
  const { job, callId, room } = await rooms.callIn();
  const old = await rooms.joinAsAgent(callId);
  const { conversationId } = await bench.answer(job);
  // What a process may have missed before it began to listen counts as heard.
  await sleep(4000);
  expect(await generationOf(callId)).toBe(1);
  bench.kill(callId);
  const lostAt = Date.now();
  const next = await dispatched(callId, 2);
  expect(Date.now() - lostAt).toBeLessThan(5000);
  expect(next).toEqual({ ...job, generation: 2, conversationId, afterSequence: 0 });
  expect(await rooms.jobs(callId)).toHaveLength(1);
  await bench.until(() => !old.isConnected, 'The end of the old agent');
  await expect(bench.answer(job)).rejects.toMatchObject({ status: 409, code: 'superseded' });
  await bench.answer(next);
  await sleep(3000);
  expect(await generationOf(callId)).toBe(2);
  expect(await rooms.find(callId)).toMatchObject({ phase: 'connected', conversationId });
  expect(room.isConnected).toBe(true);
}, 60_000);

test('a call without agent ends: lost for good, or never come; signs of life of an older one do not count', async () => {
  const [one, two] = [await rooms.callIn(), await rooms.callIn()];
  await bench.answer(one.job);
  await sleep(2500);
  bench.kill(one.callId);
  const lostAt = Date.now();
  await dispatched(one.callId, 2);
  // An agent that was only cut off for a while finds its place taken.
  bench.live(one.callId, 1);
  const ended = await rooms.inPhase(one.callId, 'ended', 20_000);
  expect(ended).toMatchObject({ cause: 'agent_lost' });
  const took = Date.parse(ended.endedAt ?? '') - lostAt;
  expect(took).toBeGreaterThan(8500);
  expect(took).toBeLessThan(15_000);
  expect(await rooms.inPhase(two.callId, 'ended', 20_000)).toMatchObject({
    cause: 'no_agent',
    answeredAt: null,
  });
  await bench.until(() => !one.room.isConnected && !two.room.isConnected, 'The end of the rooms');
}, 60_000);

test('a call goes on while telephony is started anew', async () => {
  const { job, callId } = await rooms.callIn();
  await bench.answer(job);
  await bench.stopPod();
  await sleep(5000);
  await bench.startPod();
  await sleep(4000);
  expect(await rooms.find(callId)).toMatchObject({ phase: 'connected' });
  expect(await generationOf(callId)).toBe(1);
}, 60_000);

test('nobody is replaced while NATS is away, when no sign of life can come', async () => {
  const { job, callId } = await rooms.callIn();
  await bench.answer(job);
  await sleep(4000);
  await nats.kill();
  await sleep(5000);
  await nats.start();
  await sleep(5000);
  expect(await rooms.find(callId)).toMatchObject({ phase: 'connected' });
  expect(await generationOf(callId)).toBe(1);
  bench.kill(callId);
  await dispatched(callId, 2);
}, 60_000);
