import { type CallJob, contactErased, endCall, failDial, getCall, newId, placeCall } from '@parley/contracts';
import { openBench, type TelephonyBench } from '../../test/bench.ts';

let bench: TelephonyBench;
const number = '+4915112345678';
const own = '+4930200';

beforeAll(async () => {
  bench = await openBench({ without: 'reconciler' });
  await bench.channel({ channelId: 'chan_phone', deploymentType: 'CALLS', channelIdentifier: own });
}, 120_000);
afterAll(() => bench.close());

/** All that is stored of a call. */
const traces = async (callId: string): Promise<string> =>
  JSON.stringify([
    await bench.in((trx) => trx.selectFrom('call').selectAll().where('id', '=', callId).execute()),
    await bench.events(callId),
  ]);

async function talk(change: Partial<CallJob>): Promise<string> {
  const job = bench.job({
    ...{
      channelId: 'chan_phone',
      deploymentType: 'CALLS' as const,
      afterSequence: 0,
      contactId: 'cont_hugo',
    },
    ...{ sender: { id: number, name: 'Hugo Erasable' }, ...change },
  });
  await bench.answer(job);
  await bench.call(endCall, { callId: job.callId, cause: 'caller_left' });
  return job.callId;
}

test.each([
  ['inbound' as const, { from: 'erased', to: own }],
  ['outbound' as const, { from: own, to: 'erased' }],
])('whoever is erased leaves no number in an %s call, and no name in its job', async (direction, kept) => {
  const conversationId = newId('conv');
  const erased = await talk({ conversationId, direction });
  const other = await talk({ conversationId: newId('conv'), direction });
  expect(await traces(erased)).toContain(number);
  await bench.tell('conversation', contactErased, { conversationId, sequence: 9 });
  await bench.until(
    async () =>
      (await bench.call(getCall, { callId: erased }))[direction === 'inbound' ? 'from' : 'to'] === 'erased',
    'The erasure',
  );
  const left = await traces(erased);
  for (const trace of [number, 'Hugo', 'cont_hugo']) expect(left).not.toContain(trace);
  expect(await bench.call(getCall, { callId: erased })).toMatchObject({ ...kept, conversationId });
  expect(await traces(other)).toContain(number);
});

test('calls to the number that nobody took up are erased with it', async () => {
  const unanswered = async (to: string): Promise<string> => {
    const { id: callId } = await bench.call(placeCall, { channelId: 'chan_phone', to });
    await bench.call(failDial, { callId, cause: 'failed', reason: `${to} is not valid` });
    return callId;
  };
  const [callId, other] = [await unanswered(number), await unanswered('+4915112345679')];
  const conversationId = newId('conv');
  await talk({ conversationId });
  await bench.tell('conversation', contactErased, { conversationId, sequence: 9 });
  await bench.until(async () => (await bench.call(getCall, { callId })).to === 'erased', 'The erasure');
  expect(await traces(callId)).not.toContain(number);
  expect(await traces(other)).toContain('+4915112345679 is not valid');
});
