import {
  type CallJob,
  getCall,
  hangUpCall,
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
