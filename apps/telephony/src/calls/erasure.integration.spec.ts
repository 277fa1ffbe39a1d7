import {
  type CallJob,
  contactErased,
  conversationDeleted,
  endCall,
  failDial,
  getCall,
  newId,
  placeCall,
} from '@parley/contracts';
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

test('a deleted conversation leaves no number, name and turns in its calls, and the calls to that number are kept', async () => {
  const { id: unanswered } = await bench.call(placeCall, { channelId: 'chan_phone', to: number });
  await bench.call(failDial, { callId: unanswered, cause: 'failed', reason: 'Nobody answered' });
  const conversationId = newId('conv');
  const [callId, other] = [await talk({ conversationId }), await talk({ conversationId: newId('conv') })];
  const turn = { id: 'msg_1', message_id: 'msg_1' };
  await bench.in((trx) =>
    trx
      .insertInto('call_turn')
      .values([callId, other].map((id) => ({ ...turn, space_id: bench.spaceId, call_id: id })))
      .execute(),
  );
  await bench.tell('conversation', conversationDeleted, { conversationId, sequence: 9 });
  await bench.until(async () => (await bench.call(getCall, { callId })).from === 'erased', 'The deletion');
  const left = await traces(callId);
  for (const trace of [number, 'Hugo', 'cont_hugo']) expect(left).not.toContain(trace);
  const turns = await bench.in((trx) => trx.selectFrom('call_turn').select('call_id').execute());
  expect(turns).toEqual([{ call_id: other }]);
  expect((await bench.call(getCall, { callId: unanswered })).to).toBe(number);
});
