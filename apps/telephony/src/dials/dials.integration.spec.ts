import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Call,
  type CallJob,
  cancelDial,
  conflict,
  dialCall,
  failDial,
  findTarget,
  getCall,
  getDial,
  hangUpCall,
  newId,
  type OperationInput,
  placeCall,
  type ProblemError,
  receiveProviderStatus,
  startCall,
  unavailable,
  unprocessable,
} from '@parley/contracts';
import { sql } from 'kysely';
import { openBench, type TelephonyBench } from '../../test/bench.ts';
import { Rooms } from '../../test/rooms.ts';

type Dial = OperationInput<typeof dialCall>;

const OWN = '+12125550199';
const TO = '+12125550100';
const channelId = 'chan_out';
const dialled: Dial[] = [];
const canceled: string[] = [];
/** What of the carrier's was to be let go by the carrier's own id. */
const strays: string[] = [];
/** What the gateway answers the next dials. */
const refusals: ProblemError[] = [];

let bench: TelephonyBench;
let rooms: Rooms;

beforeAll(async () => {
  bench = await openBench({
    play: ({ operations }) => {
      operations.add(dialCall, (input) => {
        dialled.push(input as Dial);
        const refusal = refusals.shift();
        return refusal ? Promise.reject(refusal) : Promise.resolve({});
      });
      operations.add(findTarget, (input) => {
        const { target } = input as OperationInput<typeof findTarget>;
        if ('agentId' in target && target.agentId === 'agent_two') return Promise.resolve({ name: 'Rolf' });
        return Promise.reject(unprocessable('The target does not exist.', 'unknown_target'));
      });
      operations.add(cancelDial, (input) => {
        const { callId, providerCallId } = input as OperationInput<typeof cancelDial>;
        if (providerCallId === null) canceled.push(callId);
        else strays.push(providerCallId);
        return Promise.resolve({});
      });
    },
  });
  rooms = new Rooms(bench);
  const known = { deploymentType: 'CALLS' as const, channelIdentifier: OWN };
  await bench.channel({ channelId, ...known });
  await bench.channel({ channelId: 'chan_rest', ...known, status: 'inactive' });
  await bench.channel({ channelId: 'chan_page' });
}, 120_000);
afterAll(async () => {
  await rooms.close();
  await bench.close();
});

let counted = 0;
function sid(): string {
  counted += 1;
  return `CA${String(counted).padStart(32, '0')}`;
}
const place = (change: object = {}, idempotencyKey?: string): Promise<Call> =>
  bench.call(placeCall, { channelId, to: TO, ...change }, idempotencyKey ? { idempotencyKey } : {});
const callOf = (callId: string): Promise<Call> => bench.call(getCall, { callId });
const dialsOf = (callId: string): Dial[] => dialled.filter((one) => one.callId === callId);
const isDialled = (callId: string): Promise<Dial> => bench.until(() => dialsOf(callId)[0], 'The dial');
const names = async (callId: string) => (await bench.events(callId)).map(({ name }) => name);
const tell = (callId: string, providerCallId: string, news: object): Promise<object> =>
  bench.call(receiveProviderStatus, {
    ...{ channelId, callId, providerCallId, status: 'ringing' },
    ...{ sequenceNumber: null, answeredBy: null },
    ...news,
  });
const withoutGeneration = ({ generation: _generation, ...job }: CallJob): Omit<CallJob, 'generation'> => job;
const takeUp = ({ id }: Call, providerCallId: string): Promise<object> => {
  const job = bench.job({
    ...{ callId: id, channelId, deploymentType: 'CALLS', direction: 'outbound', contactId: null },
    sender: { id: 'vis_out', name: null },
  });
  return bench.call(startCall, { ...withoutGeneration(job), providerCallId });
};

test('a call that is placed rings, and is dialled once for its key', async () => {
  const key = newId('req');
  const call = await place({ ringSeconds: 20, detectMachine: true }, key);
  expect(call).toMatchObject({
    ...{ phase: 'ringing', cause: null, direction: 'outbound', from: OWN, to: TO, channelId },
    ...{ answeredAt: null, endedAt: null, conversationId: null },
  });
  expect(await place({ ringSeconds: 20, detectMachine: true }, key)).toEqual(call);
  const { deadline, ...asked } = await isDialled(call.id);
  expect(asked).toEqual({
    ...{ spaceId: bench.spaceId, callId: call.id, channelId, to: TO },
    ...{ ringSeconds: 20, detectMachine: true },
  });
  expect(deadline - Date.parse(call.startedAt)).toBe(60_000);
  await bench.call(hangUpCall, { callId: call.id });
  await bench.until(() => canceled.includes(call.id), 'The cancelling');
  expect(dialsOf(call.id)).toHaveLength(1);
  expect(await names(call.id)).toEqual(['telephony.call_ringing', 'telephony.call_ended']);
});

test.each<[string, object, object]>([
  ['a number of no country', { to: '+9991234567' }, { status: 400, errors: [{ pointer: '/to' }] }],
  ['a number with too few digits', { to: '+1212555' }, { status: 400, errors: [{ pointer: '/to' }] }],
  ['what is no number', { to: 'Ann' }, { status: 400 }],
  ['the own number', { to: OWN }, { status: 422, code: 'own_number' }],
  ['a channel that is not there', { channelId: 'chan_none' }, { status: 404 }],
  ['an inactive channel', { channelId: 'chan_rest' }, { status: 409, code: 'channel_inactive' }],
  ['a web channel', { channelId: 'chan_page' }, { status: 422, code: 'not_a_calls_channel' }],
  [
    'an agent that is not there',
    { target: { agentId: 'agent_none' } },
    { status: 422, code: 'unknown_target' },
  ],
  ['a ringing without end', { ringSeconds: 601 }, { status: 400 }],
])('%s is refused, and nothing is dialled', async (_what, change, problem) => {
  const before = dialled.length;
  const refused = await place(change).then(
    () => null,
    (error: ProblemError) => error,
  );
  const { errors, ...rest } = problem as { errors?: object[] };
  expect(refused).toMatchObject(rest);
  if (errors) expect(refused?.errors?.[0]).toMatchObject(errors[0] ?? {});
  expect(dialled).toHaveLength(before);
});

test('a channel that was made or activated a moment ago places calls at once: its owner is asked', async () => {
  await bench.channel({ channelId: 'chan_late', deploymentType: 'CALLS', status: 'setup' });
  for (const one of ['chan_new', 'chan_late']) {
    const call = await place({ channelId: one });
    expect(call).toMatchObject({ phase: 'ringing', channelId: one, from: '+4930100' });
    await bench.call(hangUpCall, { callId: call.id });
  }
});

test('while the gateway is away it is asked again; what it refuses ends the call', async () => {
  refusals.push(unavailable('away'), unavailable('away'));
  const one = await place();
  await bench.until(() => dialsOf(one.id).length >= 3, 'The third dial');
  expect(await callOf(one.id)).toMatchObject({ phase: 'ringing' });
  await bench.call(hangUpCall, { callId: one.id });
  refusals.push(conflict('gone'));
  const two = await place();
  expect(await rooms.inPhase(two.id, 'ended')).toMatchObject({ cause: 'failed', reason: 'gone' });
});

test('a call rings on without room and agent; when it is taken up an agent comes, and a failure is too late', async () => {
  const call = await place();
  const providerCallId = sid();
  await isDialled(call.id);
  await tell(call.id, providerCallId, { status: 'queued' });
  // Longer than watch and reconciler wait for what is lost.
  await sleep(16_500);
  expect(await callOf(call.id)).toMatchObject({ phase: 'ringing', cause: null });
  expect(await bench.call(getDial, { callId: call.id })).toEqual({ isWanted: true, providerCallId });
  await takeUp(call, providerCallId);
  const [job] = await bench.until(async () => {
    const jobs = await rooms.jobs(call.id);
    return jobs.length > 0 && jobs;
  }, 'The agent');
  expect(job).toMatchObject({ target: { agentId: 'agent_one' }, direction: 'outbound', generation: 1 });
  await expect(takeUp(call, sid())).rejects.toMatchObject({ status: 409, code: 'call_taken' });
  if (job) await bench.answer(job);
  await bench.call(failDial, { callId: call.id, cause: 'failed', reason: 'too late' });
  expect(await callOf(call.id)).toMatchObject({ phase: 'connected', reason: null, from: OWN, to: TO });
  expect(await bench.call(getDial, { callId: call.id })).toMatchObject({ isWanted: false });
  bench.kill(call.id);
  await bench.call(hangUpCall, { callId: call.id });
  expect(await names(call.id)).toEqual([
    'telephony.call_ringing',
    'telephony.call_connected',
    'telephony.call_ended',
  ]);
  expect(canceled).not.toContain(call.id);
}, 60_000);

test.each([
  ['busy', null, 'busy'],
  ['no-answer', null, 'no_answer'],
  ['failed', null, 'failed'],
  ['canceled', null, 'canceled'],
  ['in-progress', 'machine_start', 'machine'],
])(
  'a carrier that tells of %s (%s), late and twice, ends the call once',
  async (status, answeredBy, cause) => {
    const { id } = await place();
    const providerCallId = sid();
    await isDialled(id);
    await tell(id, providerCallId, { status: 'ringing', sequenceNumber: 2 });
    await tell(id, providerCallId, { status: 'failed', sequenceNumber: 1 });
    await tell(id, sid(), { status: 'failed', sequenceNumber: 9 });
    expect(await callOf(id)).toMatchObject({ phase: 'ringing' });
    for (const _time of [1, 2]) await tell(id, providerCallId, { status, answeredBy, sequenceNumber: 3 });
    await tell(id, providerCallId, { status: 'completed', sequenceNumber: 4 });
    await tell(id, providerCallId, { status: 'queued' });
    expect(await callOf(id)).toMatchObject({ phase: 'ended', cause });
    expect(await names(id)).toEqual(['telephony.call_ringing', 'telephony.call_ended']);
  },
);

test('who is named speaks, else whom the channel has', async () => {
  const call = await place({ target: { agentId: 'agent_two' } });
  await takeUp(call, sid());
  const [job] = await bench.until(async () => {
    const jobs = await rooms.jobs(call.id);
    return jobs.length > 0 && jobs;
  }, 'The agent');
  expect(job).toMatchObject({ target: { agentId: 'agent_two' }, targetName: 'Rolf', direction: 'outbound' });
  await bench.call(hangUpCall, { callId: call.id });
});

test('a stream of another channel carries no call of this one', async () => {
  const call = await place();
  const job = bench.job({ callId: call.id, channelId: 'chan_page', direction: 'outbound' });
  const refused = bench.call(startCall, { ...withoutGeneration(job), providerCallId: sid() });
  await expect(refused).rejects.toMatchObject({ status: 409, code: 'call_taken' });
  expect(await callOf(call.id)).toMatchObject({ phase: 'ringing' });
  await bench.call(hangUpCall, { callId: call.id });
});

test.each([
  ['of which the carrier told nothing', null, { cause: 'failed', reason: /told nothing/ }],
  ['that rang', 2, { cause: 'no_answer', reason: null }],
])(
  'a call %s ends when its time is over, and is let go',
  async (_what, sequenceNumber, { cause, reason }) => {
    const { id } = await place();
    await isDialled(id);
    await tell(id, sid(), { sequenceNumber });
    await bench.in((trx) =>
      sql`UPDATE task SET due_at = now() WHERE queue = 'dial' AND id = ${`${id}.expire`}`.execute(trx),
    );
    const ended = await rooms.inPhase(id, 'ended');
    expect(ended).toMatchObject({ cause, reason: reason && (expect.stringMatching(reason) as string) });
    await bench.until(() => canceled.includes(id), 'The cancelling');
  },
);

test('a call that somebody took up without any sound coming says so; of a channel that rests, that', async () => {
  const [one, two] = [await place(), await place()];
  for (const { id } of [one, two]) await isDialled(id);
  await tell(one.id, sid(), { status: 'completed', sequenceNumber: 3 });
  expect(await callOf(one.id)).toMatchObject({
    ...{ cause: 'failed', reason: expect.stringMatching(/no audio arrived/) as string },
  });
  const known = { channelId, deploymentType: 'CALLS' as const, channelIdentifier: OWN };
  await bench.channel({ ...known, status: 'inactive' });
  await tell(two.id, sid(), { status: 'completed', sequenceNumber: 3 });
  expect(await callOf(two.id)).toMatchObject({ cause: 'channel_inactive', reason: null });
  await bench.channel(known);
});

test('what a carrier rings beside a call, or for one that is over, is let go', async () => {
  const [call, own, second] = [await place(), sid(), sid()];
  await isDialled(call.id);
  await tell(call.id, own, { sequenceNumber: 1 });
  await tell(call.id, second, { sequenceNumber: 1 });
  await bench.until(() => strays.includes(second), 'The end of the second');
  expect(await callOf(call.id)).toMatchObject({ phase: 'ringing' });
  expect(await bench.call(getDial, { callId: call.id })).toMatchObject({ providerCallId: own });
  await bench.call(hangUpCall, { callId: call.id });
  await tell(call.id, own, { sequenceNumber: 2 });
  await bench.until(() => strays.includes(own), 'The end of the first');
  const late = await place();
  await isDialled(late.id);
  await bench.call(failDial, { callId: late.id, cause: 'failed', reason: 'too late' });
  const found = sid();
  await tell(late.id, found, { sequenceNumber: 0 });
  await bench.until(() => strays.includes(found), 'The end of what came late');
  const busy = await place();
  const carried = sid();
  await tell(busy.id, carried, { status: 'busy', sequenceNumber: 3 });
  await tell(busy.id, carried, { sequenceNumber: 2 });
  await sleep(500);
  expect(strays).toEqual([second, own, found]);
});

test('who takes up a call that has ended is refused', async () => {
  const call = await place();
  await bench.call(failDial, { callId: call.id, cause: 'channel_inactive', reason: 'Activate it.' });
  const known = { phase: 'ended', cause: 'channel_inactive', reason: 'Activate it.' };
  expect(await callOf(call.id)).toMatchObject(known);
  await expect(takeUp(call, sid())).rejects.toMatchObject({ status: 409, code: 'call_ended' });
});

test('a space has so many calls at once and no more, however many are asked for together', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => place()));
  const placed = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(placed).toHaveLength(8);
  for (const one of outcomes)
    if (one.status === 'rejected')
      expect(one.reason).toMatchObject({
        ...{ status: 429, code: 'rate_limited', retryAfterSeconds: 5 },
        message: expect.stringMatching(/CALLS_OUT_MAX/) as string,
      });
  await bench.call(hangUpCall, { callId: placed[0]?.id ?? '' });
  const next = await place();
  for (const { id } of [...placed, next]) await bench.call(hangUpCall, { callId: id });
}, 30_000);

test('where all lines are taken, by whomever, nobody is called', async () => {
  const lines = await Promise.all(
    Array.from({ length: 10 }, () =>
      bench.call(startCall, {
        ...withoutGeneration(bench.job({ callId: newId('call'), channelId, deploymentType: 'CALLS' })),
        providerCallId: sid(),
      }),
    ),
  );
  await expect(place()).rejects.toMatchObject({
    ...{ status: 429, message: expect.stringMatching(/PHONE_LINES/) as string },
  });
  for (const { callId } of lines) await bench.call(hangUpCall, { callId });
  const { id: callId } = await place();
  await bench.call(hangUpCall, { callId });
}, 30_000);

test('a space places so many calls in a minute and no more, although they have ended', async () => {
  let refused: ProblemError | null = null;
  for (let count = 0; count <= 60 && !refused; count += 1) {
    const call = await place().catch((error: ProblemError) => error);
    if (call instanceof Error) refused = call;
    else await bench.call(hangUpCall, { callId: call.id });
  }
  expect(refused).toMatchObject({
    ...{ status: 429, retryAfterSeconds: 10 },
    message: expect.stringMatching(/CALLS_OUT_PER_MINUTE/) as string,
  });
}, 60_000);
