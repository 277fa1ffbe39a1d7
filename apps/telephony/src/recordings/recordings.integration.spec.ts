import {
  assetDeleted,
  beginRecording,
  contactErased,
  conversationDeleted,
  failRecording,
  listRecordings,
  type Recording,
  type Call,
  type CallJob,
  conflict,
  endCall,
  finishRecording,
  getCall,
  newId,
  spaceChanged,
  unavailable,
} from '@parley/contracts';
import { openBench, type TelephonyBench } from '../../test/bench.ts';

let bench: TelephonyBench;

beforeAll(async () => {
  // There are no rooms here: nobody shall miss them.
  bench = await openBench({ without: 'reconciler' });
  await bench.channel({ channelId: 'chan_phone', deploymentType: 'CALLS', channelIdentifier: '+4930100' });
}, 120_000);
afterAll(() => bench.close());
beforeEach(() => {
  bench.storage = ({ incomplete = false }) => ({ incomplete });
});

const phoneJob = (change: Partial<CallJob> = {}): CallJob =>
  bench.job({ channelId: 'chan_phone', deploymentType: 'CALLS', ...change });
const recordings = async (callId: string): Promise<Recording[]> =>
  (await bench.call(listRecordings, { callId })).data;
const call = (callId: string): Promise<Call> => bench.call(getCall, { callId });
const ready = async (callId: string) =>
  (await bench.events(callId)).filter(({ name }) => name === 'telephony.recording_ready');

/** A call whose job records it. */
async function recorded(change: Partial<CallJob> = {}): Promise<{ job: CallJob; assetId: string }> {
  const job = phoneJob(change);
  await bench.answer(job);
  const assetId = newId('asset');
  await bench.call(beginRecording, { callId: job.callId, assetId, generation: job.generation });
  return { job, assetId };
}

async function consent(recordingConsent: 'announcement' | 'opt_in' | 'off'): Promise<void> {
  const { spaceId } = bench;
  await bench.tell('identity', spaceChanged, { spaceId, name: 'Home', voice: null, recordingConsent });
  await bench.until(async () => {
    const found = bench.in((trx) => trx.selectFrom('space').select('recording_consent').executeTakeFirst());
    return (await found)?.recording_consent === recordingConsent;
  }, 'The policy');
}

test('a recording is completed when its call is over, told of once, and named by the call', async () => {
  const { job, assetId } = await recorded();
  const { callId } = job;
  await bench.call(endCall, { callId, cause: 'caller_left' });
  expect((await call(callId)).recordingAssetId).toBeNull();
  const finished = { callId, assetId, parts: 4, incomplete: false };
  await bench.call(finishRecording, finished);
  await bench.call(finishRecording, { ...finished, parts: 2 });
  await bench.until(async () => (await call(callId)).recordingAssetId === assetId, 'The recording');
  expect(await ready(callId)).toMatchObject([{ data: { callId, assetId, incomplete: false } }]);
  const asked = bench.completed.filter((one) => one.assetId === assetId);
  expect(asked).toEqual([expect.objectContaining({ parts: 4, incomplete: false })]);
});

test('what a lost agent has recorded is kept and marked; the next one goes on in a file of its own', async () => {
  const { job, assetId: first } = await recorded();
  const { callId } = job;
  bench.kill(callId);
  await bench.until(async () => {
    const row = await bench.in((trx) =>
      trx.selectFrom('call').select('generation').where('id', '=', callId).executeTakeFirst(),
    );
    return row?.generation === 2;
  }, 'The next agent');
  const next = { ...job, generation: 2 };
  expect(await bench.answer(next)).toMatchObject({ recording: 'resume' });
  const late = { callId, assetId: newId('asset'), generation: 1 };
  await expect(bench.call(beginRecording, late)).rejects.toMatchObject({ code: 'superseded' });
  const second = newId('asset');
  await bench.call(beginRecording, { callId, assetId: second, generation: 2 });
  await bench.until(async () => (await ready(callId)).length === 1, 'The first recording', 30_000);
  expect(await ready(callId)).toMatchObject([{ data: { assetId: first, incomplete: true } }]);
  await bench.call(endCall, { callId, cause: 'caller_left' });
  await bench.call(finishRecording, { callId, assetId: second, parts: 3, incomplete: false });
  await bench.until(async () => (await call(callId)).recordingAssetId === second, 'The second recording');
  const ended = { callId, assetId: newId('asset'), generation: 2 };
  await expect(bench.call(beginRecording, ended)).rejects.toMatchObject({ code: 'call_ended' });
}, 60_000);

test('a recording is completed when the storage is back, up to a gap where a part is missing', async () => {
  const { job, assetId } = await recorded();
  let failures = 0;
  bench.storage = ({ incomplete = false }) => {
    failures += 1;
    if (failures < 3) throw unavailable('The storage is away.');
    if (!incomplete) throw conflict('Part 2 is missing.', 'parts_missing');
    return { incomplete };
  };
  await bench.call(finishRecording, { callId: job.callId, assetId, parts: 4, incomplete: false });
  await bench.until(
    async () => (await call(job.callId)).recordingAssetId === assetId,
    'The recording',
    30_000,
  );
  expect(await ready(job.callId)).toMatchObject([{ data: { assetId, incomplete: true } }]);
  expect(await recordings(job.callId)).toMatchObject([
    { assetId, status: 'ready', statusReason: 'storage_failed', incomplete: true },
  ]);
}, 60_000);

test('a call that cannot be recorded says why', async () => {
  const job = phoneJob();
  const { callId } = job;
  await bench.answer(job);
  expect(await recordings(callId)).toEqual([]);
  await bench.call(failRecording, { callId, generation: 1 });
  await bench.call(failRecording, { callId, generation: 1 });
  expect(await recordings(callId)).toMatchObject([
    { assetId: null, status: 'failed', statusReason: 'storage_unavailable' },
  ]);
  // The next agent announces again: nobody was told yet.
  expect(await bench.answer({ ...job, generation: 2 })).toMatchObject({ recording: 'announce' });
  const elsewhere = bench.call(listRecordings, { callId, spaceId: bench.otherSpaceId });
  await expect(elsewhere).rejects.toMatchObject({ status: 404 });
});

test('a recording of nothing is none, and one that was deleted is not named any more', async () => {
  const empty = await recorded();
  await bench.call(finishRecording, {
    ...{ callId: empty.job.callId, assetId: empty.assetId },
    ...{ parts: 0, incomplete: true },
  });
  await bench.until(() => bench.deleted.includes(empty.assetId), 'The end of the empty file');
  expect(await ready(empty.job.callId)).toEqual([]);
  await bench.until(
    async () => (await recordings(empty.job.callId))[0]?.status === 'failed',
    'The end of the empty recording',
  );
  expect(await recordings(empty.job.callId)).toMatchObject([{ statusReason: 'storage_failed' }]);
  const { job, assetId } = await recorded();
  await bench.call(finishRecording, { callId: job.callId, assetId, parts: 2, incomplete: false });
  await bench.until(async () => (await call(job.callId)).recordingAssetId === assetId, 'The recording');
  const deleted = { assetId, conversationId: null, folderId: null, reason: 'retention' as const };
  await bench.tell('assets', assetDeleted, deleted);
  await bench.until(async () => (await call(job.callId)).recordingAssetId === null, 'The end of it');
  expect(await recordings(job.callId)).toMatchObject([{ status: 'deleted', statusReason: 'retention' }]);
  expect((await bench.events(job.callId)).at(-1)).toMatchObject({
    name: 'telephony.recording_deleted',
    data: { callId: job.callId, assetId, reason: 'retention', conversationId: 'conv_ann' },
  });
});

test.each([
  ['whoever is erased', contactErased],
  ['a deleted conversation', conversationDeleted],
])('%s takes the recordings of the conversation along, also one that is being made', async (_what, event) => {
  const conversationId = newId('conv');
  const made = await recorded({ conversationId, afterSequence: 0 });
  const finished = { callId: made.job.callId, assetId: made.assetId, parts: 2, incomplete: false };
  await bench.call(finishRecording, finished);
  await bench.until(async () => (await ready(made.job.callId)).length === 1, 'The recording');
  const running = await recorded({ conversationId, afterSequence: 0 });
  const other = await recorded();
  await bench.tell('conversation', event, { conversationId, sequence: 9 });
  const all = [made.assetId, running.assetId];
  await bench.until(() => all.every((assetId) => bench.deleted.includes(assetId)), 'The end of the files');
  for (const { callId } of [made.job, running.job]) {
    expect((await call(callId)).recordingAssetId).toBeNull();
    expect(await recordings(callId)).toMatchObject([{ status: 'deleted', statusReason: 'erasure' }]);
  }
  await bench.call(finishRecording, { ...finished, callId: running.job.callId, assetId: running.assetId });
  expect(await recordings(running.job.callId)).toMatchObject([{ status: 'deleted' }]);
  expect(bench.deleted).not.toContain(other.assetId);
});

test('a space and a channel from before there were recordings are asked once, and obeyed from the first call', async () => {
  // As a migration leaves them: nothing is known of recordings.
  const forget = (): Promise<unknown> =>
    bench.in(async (trx) => {
      await trx.deleteFrom('space').execute();
      await trx.updateTable('channel').set({ recording_enabled: null }).execute();
    });
  const wish = async () => (await bench.answer(phoneJob())).recording;
  await forget();
  bench.asked = 0;
  bench.settings = { recordingConsent: 'off', recordingEnabled: true };
  expect([await wish(), await wish()]).toEqual(['off', 'off']);
  expect(bench.asked).toBe(2);
  await forget();
  bench.settings = { recordingConsent: 'announcement', recordingEnabled: false };
  expect(await wish()).toBe('off');
  await forget();
  bench.settings = { recordingConsent: 'opt_in', recordingEnabled: true };
  expect(await wish()).toBe('ask');
  await forget();
  const answered = bench.settings;
  Object.defineProperty(bench, 'settings', {
    configurable: true,
    get: () => {
      throw unavailable('Nobody answers.');
    },
  });
  const unknown = phoneJob();
  expect((await bench.answer(unknown)).recording).toBe('off');
  expect(await recordings(unknown.callId)).toMatchObject([
    { assetId: null, status: 'failed', statusReason: 'policy_unknown' },
  ]);
  Object.defineProperty(bench, 'settings', { configurable: true, writable: true, value: answered });
  bench.settings = { recordingConsent: 'announcement', recordingEnabled: true };
  expect(await wish()).toBe('announce');
});

test('the policy of the space is obeyed, whatever the channel says; a channel may say no', async () => {
  const wish = async (change: Partial<CallJob> = {}) => (await bench.answer(phoneJob(change))).recording;
  expect(await wish()).toBe('announce');
  expect(await wish({ channelId: 'chan_web', deploymentType: 'WEB' })).toBe('off');
  await bench.channel({ channelId: 'chan_quiet', deploymentType: 'CALLS', recordingEnabled: false });
  expect(await wish({ channelId: 'chan_quiet' })).toBe('off');
  await consent('opt_in');
  const asked = phoneJob();
  expect((await bench.answer(asked)).recording).toBe('ask');
  expect((await bench.answer({ ...asked, generation: 2 })).recording).toBe('off');
  await consent('off');
  expect(await wish()).toBe('off');
  const begun = bench.call(beginRecording, { callId: asked.callId, assetId: newId('asset'), generation: 2 });
  await expect(begun).rejects.toMatchObject({ status: 409, code: 'recording_off' });
});
