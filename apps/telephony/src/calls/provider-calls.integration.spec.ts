import {
  type CallJob,
  endCall,
  getCall,
  hangUpCall,
  missCall,
  type OperationInput,
  receiveProviderStatus,
  startCall,
} from '@parley/contracts';
import { TokenVerifier } from 'livekit-server-sdk';
import { openBench, type TelephonyBench } from '../../test/bench.ts';
import { liveKitKey } from '../../test/pod.ts';

let bench: TelephonyBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(() => bench.close());

/** The carrier's ids of calls that were started. */
const startedAs = new Map<string, string>();

type Status = Partial<OperationInput<typeof receiveProviderStatus>>;

let number = 0;
function sid(): string {
  number += 1;
  return `CA${String(number).padStart(32, '0')}`;
}

async function start(providerCallId: string, change: Partial<CallJob> = {}): Promise<CallJob> {
  const job = bench.job({ contactId: null, sender: { id: '+14155550101', name: null }, ...change });
  const { generation: _generation, ...rest } = job;
  await bench.call(startCall, { ...rest, providerCallId });
  return job;
}

const tell = (job: CallJob, providerCallId: string, status: Status) =>
  bench.call(receiveProviderStatus, {
    ...{ channelId: job.channelId, providerCallId, callId: null, status: 'completed' },
    ...{ sequenceNumber: null, answeredBy: null },
    ...status,
  });
const callOf = ({ callId }: CallJob) => bench.call(getCall, { callId });

test("a carrier's call is started once, however many streams are opened for it at once", async () => {
  const providerCallId = sid();
  const jobs = Array.from({ length: 8 }, () => bench.job({ contactId: null }));
  const outcomes = await Promise.allSettled(
    jobs.map(({ generation: _generation, ...rest }) => bench.call(startCall, { ...rest, providerCallId })),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ status: 409, code: 'call_taken' });
  const { generation: _generation, ...again } = jobs[
    outcomes.findIndex((one) => one.status === 'fulfilled')
  ] as CallJob;
  await bench.call(startCall, { ...again, providerCallId });
  await expect(bench.call(startCall, { ...again, providerCallId: sid() })).rejects.toMatchObject({
    code: 'call_taken',
  });
  await bench.call(hangUpCall, { callId: again.callId });
});

test("a caller's participant carries what a telephone's would", async () => {
  const { generation: _generation, ...rest } = bench.job({ contactId: null });
  const attributes = { 'sip.phoneNumber': '+14155550101', 'sip.callID': sid() };
  const access = await bench.call(startCall, { ...rest, attributes });
  const claims = await new TokenVerifier(liveKitKey.apiKey, liveKitKey.apiSecret).verify(
    access.participantToken,
  );
  expect(claims.attributes).toEqual({
    ...attributes,
    ...{ 'parley.callId': rest.callId, 'parley.role': 'caller' },
  });
  await bench.call(hangUpCall, { callId: rest.callId });
});

test.each([
  ['completed', 'caller_left'],
  ['busy', 'busy'],
  ['no-answer', 'no_answer'],
  ['canceled', 'canceled'],
  ['failed', 'failed'],
] as const)('a carrier that tells of %s ends the call with cause %s, once', async (status, cause) => {
  const providerCallId = sid();
  const job = await start(providerCallId);
  await tell(job, providerCallId, { status: 'in-progress', sequenceNumber: 2 });
  expect(await callOf(job)).toMatchObject({ phase: 'ringing', cause: null });
  await tell(job, providerCallId, { status, sequenceNumber: 3 });
  expect(await callOf(job)).toMatchObject({ phase: 'ended', cause });
  await tell(job, providerCallId, { status: 'failed', sequenceNumber: 4 });
  await tell(job, providerCallId, { status: 'ringing', sequenceNumber: 1 });
  expect(await callOf(job)).toMatchObject({ phase: 'ended', cause });
  expect((await bench.events(job.callId)).map(({ name }) => name)).toEqual([
    'telephony.call_ringing',
    'telephony.call_ended',
  ]);
});

test('what comes late or twice changes nothing', async () => {
  const providerCallId = sid();
  const job = await start(providerCallId);
  await tell(job, providerCallId, { status: 'in-progress', sequenceNumber: 2 });
  await tell(job, providerCallId, { status: 'failed', sequenceNumber: 2 });
  await tell(job, providerCallId, { status: 'busy', sequenceNumber: 1 });
  expect(await callOf(job)).toMatchObject({ phase: 'ringing' });
  await bench.call(hangUpCall, { callId: job.callId });
});

test('a call that the platform placed is known by its own id, and left where a machine took it', async () => {
  const { generation: _generation, ...rest } = bench.job({ direction: 'outbound', contactId: null });
  await bench.call(startCall, rest);
  const job = { ...rest, generation: 1 };
  const providerCallId = sid();
  await tell(job, providerCallId, { callId: job.callId, status: 'ringing', sequenceNumber: 1 });
  await tell(job, sid(), { callId: job.callId, status: 'failed', sequenceNumber: 5 });
  expect(await callOf(job)).toMatchObject({ phase: 'ringing' });
  await tell(job, providerCallId, { status: 'in-progress', sequenceNumber: 2, answeredBy: 'machine_start' });
  expect(await callOf(job)).toMatchObject({ phase: 'ended', cause: 'machine' });
});

test('news of a call that nobody knows is no error', async () => {
  await tell(bench.job(), sid(), { status: 'completed' });
});

describe('A missed call', () => {
  const caller = '+14155550177';
  const conversationId = 'conv_14155550177';
  const phoneJob = (change: Partial<CallJob> = {}): CallJob =>
    bench.job({
      ...{
        channelId: 'chan_missed',
        deploymentType: 'CALLS',
        contactId: null,
        target: { flowId: 'flow_one' },
      },
      ...{ sender: { id: caller, name: null }, ...change },
    });
  const miss = ({ generation: _generation, ...job }: CallJob, providerCallId = sid()) =>
    bench.call(missCall, { ...job, providerCallId, cause: 'busy' });
  const eventsOf = async ({ callId }: CallJob) =>
    (await bench.events(callId)).map(({ name, data }) => [name, data['conversationId']]);
  const endOf = (job: CallJob) =>
    bench.until(
      async () => (await bench.events(job.callId)).find(({ name }) => name === 'telephony.call_ended'),
      'The end',
    );
  const openingsOf = ({ callId }: CallJob) => bench.opened.filter((one) => one.callId === callId);

  beforeAll(() =>
    bench.channel({ channelId: 'chan_missed', deploymentType: 'CALLS', channelIdentifier: '+4930100' }),
  );

  test('that a bridge turned away is stored as ended, in the conversation of its caller', async () => {
    const job = phoneJob();
    const providerCallId = sid();
    const call = await miss(job, providerCallId);
    expect(call).toMatchObject({ phase: 'ended', cause: 'busy', from: caller, to: '+4930100' });
    expect((await endOf(job)).data).toMatchObject({
      ...{ callId: job.callId, conversationId, cause: 'busy', afterCall: 'close', answeredAt: null },
      direction: 'inbound',
    });
    expect(await callOf(job)).toMatchObject({ conversationId, phase: 'ended', cause: 'busy' });
    expect(openingsOf(job)).toEqual([
      {
        ...{ spaceId: bench.spaceId, channelId: 'chan_missed', deploymentType: 'CALLS', contactId: null },
        ...{ sender: { id: caller, name: null }, target: { flowId: 'flow_one' }, targetName: 'Helper' },
        callId: job.callId,
      },
    ]);
    // A repeat changes nothing, and another report of the carrier's call is refused.
    await miss(job, providerCallId);
    await expect(miss(phoneJob(), providerCallId)).rejects.toMatchObject({ code: 'call_taken' });
    expect(await eventsOf(job)).toEqual([
      ['telephony.call_ringing', null],
      ['telephony.call_ended', conversationId],
    ]);
    expect(openingsOf(job)).toHaveLength(1);
  });

  test.each([
    [
      'the caller has left',
      (job: CallJob) => bench.call(endCall, { callId: job.callId, cause: 'caller_left' }),
    ],
    ['no agent has come', (job: CallJob) => bench.call(endCall, { callId: job.callId, cause: 'no_agent' })],
    ['its start has failed', (job: CallJob) => miss(job, startedAs.get(job.callId))],
  ])('that ended while it rang, since %s, is in the conversation of its caller', async (_what, end) => {
    const job = phoneJob();
    const providerCallId = sid();
    startedAs.set(job.callId, providerCallId);
    const { generation: _generation, ...rest } = job;
    await bench.call(startCall, { ...rest, providerCallId });
    await end(job);
    expect((await endOf(job)).data).toMatchObject({ conversationId });
    expect((await callOf(job)).conversationId).toBe(conversationId);
  });

  test('ends with its event only once conversation answers, and then once', async () => {
    const job = phoneJob();
    bench.isOpening = false;
    await miss(job);
    await bench.until(() => openingsOf(job)[0], 'The attempt');
    expect(await callOf(job)).toMatchObject({ phase: 'ended', conversationId: null });
    expect(await eventsOf(job)).toEqual([['telephony.call_ringing', null]]);
    bench.isOpening = true;
    expect((await endOf(job)).data).toMatchObject({ conversationId });
    expect(await eventsOf(job)).toHaveLength(2);
  });

  test('has no conversation when the platform placed it, or when it came from a page', async () => {
    const placed = phoneJob({ direction: 'outbound' });
    const page = bench.job();
    for (const job of [placed, page]) {
      await miss(job);
      expect(await eventsOf(job)).toEqual([
        ['telephony.call_ringing', null],
        ['telephony.call_ended', null],
      ]);
      expect(openingsOf(job)).toEqual([]);
    }
  });
});
