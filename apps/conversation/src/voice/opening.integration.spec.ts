import {
  callEnded,
  createContact,
  deleteContact,
  type EventData,
  getContact,
  listMessages,
  messageReceived,
  newId,
  openForChannel,
  postVisitorMessage,
  servicePrincipal,
  updateConversation,
} from '@parley/contracts';
import {
  admin,
  type ConversationBench,
  openBench,
  otherSpaceId,
  spaceId,
  text,
  visitor,
} from '../../test/bench.ts';

const target = { agentId: 'agent_bot' };
const web = { spaceId, channelId: 'chan_web', deploymentType: 'WEB' as const, target, targetName: 'Bot' };
const service = servicePrincipal('telephony', spaceId);
let bench: ConversationBench;

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'agent_bot', name: 'Bot' });
});
afterAll(() => bench.close());

const callOf = (no: string) =>
  bench.call(
    openForChannel,
    { ...web, sender: { id: `vis_${no}`, name: null }, contactId: `cont_${no}` },
    service,
  );

const sayOf = (no: string, words: string) =>
  bench.call(
    postVisitorMessage,
    {
      spaceId,
      channel: { channelId: 'chan_web', deploymentType: 'WEB', target, agentName: 'Bot' },
      parts: text(words),
    },
    visitor(no),
  );

const dialled = (sender: string, name: string | null, space = spaceId, callId?: string) =>
  bench.call(
    openForChannel,
    {
      ...{ spaceId: space, channelId: 'chan_tel', deploymentType: 'CALLS', target, targetName: 'Bot' },
      ...{ sender: { id: sender, name }, contactId: null },
      ...(callId ? { callId } : {}),
    },
    servicePrincipal('telephony', space),
  );

const ended = (callId: string, conversationId: string, afterCall: 'close' | 'pause' | 'keep') => {
  const at = new Date().toISOString();
  return bench.feed(callEnded, [
    {
      ...{ callId, channelId: 'chan_tel', conversationId, direction: 'inbound', cause: 'caller_left' },
      ...{ afterCall, startedAt: at, answeredAt: at, endedAt: at },
    },
  ]);
};

test("a visitor's call and its chat meet in one conversation, whichever comes first", async () => {
  const call = await callOf('ann');
  expect(call).toMatchObject({ created: true, afterSequence: 0, contactId: 'cont_ann', status: 'open' });
  const said = await sayOf('ann', 'typed');
  expect(said).toMatchObject({
    conversationId: call.conversationId,
    author: { contactId: 'cont_ann', name: 'Visitor' },
  });
  const chat = await sayOf('bob', 'first');
  const second = await callOf('bob');
  expect(second).toEqual({
    conversationId: chat.conversationId,
    contactId: 'cont_bob',
    created: false,
    afterSequence: chat.sequence,
    status: 'open',
  });
});

test('a new conversation has its first event, with the contact, the agent and the flow as owner', async () => {
  const { conversationId } = await callOf('cat');
  const events = await bench.events(conversationId);
  expect(events.map(({ name, sequence }) => [name, sequence])).toEqual([['conversation.created', 1]]);
  expect(events[0]?.data).toMatchObject({
    owner: 'flow',
    contactId: 'cont_cat',
    target,
    origin: { channelId: 'chan_web', deploymentType: 'WEB', senderId: 'vis_cat' },
    participants: [
      { contactId: 'cont_cat', name: 'Visitor' },
      { agentId: 'agent_bot', name: 'Bot' },
    ],
  });
});

test('a paused conversation is opened again, and what that makes is behind its sequence', async () => {
  const { conversationId } = await callOf('dan');
  await bench.call(updateConversation, { spaceId, conversationId, status: 'paused' });
  expect(await callOf('dan')).toMatchObject({
    conversationId,
    created: false,
    afterSequence: 2,
    status: 'open',
  });
  const last = (await bench.events(conversationId)).at(-1);
  expect(last).toMatchObject({
    name: 'conversation.status_changed',
    sequence: 3,
    data: { status: 'open' },
  });
  await bench.call(updateConversation, { spaceId, conversationId, status: 'closed' });
  const next = await callOf('dan');
  expect(next).toMatchObject({ created: true, contactId: 'cont_dan' });
  expect(next.conversationId).not.toBe(conversationId);
});

test('many calls of one sender at once begin one conversation, with one contact', async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => dialled('+4930111', 'Erika')));
  expect(new Set(opened.map(({ conversationId }) => conversationId)).size).toBe(1);
  expect(new Set(opened.map(({ contactId }) => contactId)).size).toBe(1);
  expect(opened.filter(({ created }) => created)).toHaveLength(1);
  for (const { created, afterSequence } of opened) expect(afterSequence).toBe(created ? 0 : 1);
  const rows = await bench.in((trx) =>
    trx.selectFrom('contact').select('id').where('name', '=', 'Erika').execute(),
  );
  expect(rows).toHaveLength(1);
});

test('a call and a chat at once begin one conversation', async () => {
  const [call, chat] = await Promise.all([callOf('eve'), sayOf('eve', 'now')]);
  expect(chat.conversationId).toBe(call.conversationId);
});

test('a conversation that was named before begins under its name, once', async () => {
  const conversationId = newId('conv');
  const input = {
    ...{ spaceId, channelId: 'chan_web', deploymentType: 'WEB' as const, target, targetName: 'Bot' },
    ...{ sender: { id: 'vis_named', name: null }, contactId: null, conversationId },
  };
  const opened = await Promise.all(
    [1, 2].map(() => bench.call(openForChannel, input, servicePrincipal('voice-agent', spaceId))),
  );
  expect(opened.map((one) => one.conversationId)).toEqual([conversationId, conversationId]);
  expect(opened.filter(({ created }) => created)).toHaveLength(1);
});

test('who wrote before is known when calling, as the contact it was merged into or not', async () => {
  const data: EventData<typeof messageReceived> = {
    ...{ channelId: 'chan_tel', deploymentType: 'CALLS', target, targetName: 'Bot' },
    ...{ providerMessageId: 'm1', sender: { id: '+4930222', name: 'Max' }, parts: text('hi'), metadata: {} },
    receivedAt: new Date().toISOString(),
  };
  await bench.feed(messageReceived, [data]);
  const { contactId, created, conversationId } = await dialled('+4930222', null);
  expect(created).toBe(false);
  const contact = await bench.call(getContact, { spaceId, contactId: contactId ?? '' });
  expect(contact).toMatchObject({ name: 'Max', identities: [{ type: 'phone', value: '+4930222' }] });
  await bench.call(updateConversation, { spaceId, conversationId, status: 'closed' });
  expect((await dialled('+4930222', null)).contactId).toBe(contactId);
});

test.each([
  'anonymous',
  'restricted',
  'unavailable',
  'Anonymous',
  '+266696687',
  '+7378742833',
  '+86282452253',
  'client:ada',
  'sip:anonymous@anonymous.invalid',
])('each caller known as %s has a contact and a conversation of its own', async (sender) => {
  const calls = await Promise.all([1, 2].map((no) => dialled(sender, null, spaceId, `call_x${no}`)));
  expect(new Set(calls.map(({ conversationId }) => conversationId)).size).toBe(2);
  expect(new Set(calls.map(({ contactId }) => contactId)).size).toBe(2);
  await ended('call_x1', calls[0]?.conversationId ?? '', 'pause');
  const next = await dialled(sender, null, spaceId, 'call_x3');
  expect(calls.map(({ contactId }) => contactId)).not.toContain(next.contactId);
  expect(calls.map(({ conversationId }) => conversationId)).not.toContain(next.conversationId);
  const contact = await bench.call(getContact, { spaceId, contactId: next.contactId ?? '' });
  expect(contact).toMatchObject({ name: null, identities: [] });
  const [created] = await bench.events(next.conversationId);
  expect(created?.data).toMatchObject({ origin: { senderId: null }, participants: [{ name: 'Caller' }, {}] });
});

test('a call joins no conversation in which another one goes on, and continues it once that is over', async () => {
  const number = '+12125550166';
  const calls = await Promise.all(
    Array.from({ length: 4 }, (_, no) => dialled(number, 'Kim', spaceId, `call_live${no}`)),
  );
  expect(new Set(calls.map(({ conversationId }) => conversationId)).size).toBe(4);
  expect(new Set(calls.map(({ contactId }) => contactId)).size).toBe(1);
  expect(calls.every(({ created, afterSequence }) => created && afterSequence === 0)).toBe(true);
  const rows = await bench.in((trx) =>
    trx.selectFrom('conversation').select(['id', 'sender_id']).where('sender_id', '=', number).execute(),
  );
  expect(rows).toHaveLength(1);
  const main = rows[0]?.id ?? '';
  const same = calls.findIndex(({ conversationId }) => conversationId === main);
  const again = await dialled(number, 'Kim', spaceId, `call_live${same}`);
  expect(again.conversationId).toBe(main);
  await ended(`call_live${same}`, main, 'pause');
  const next = await dialled(number, null, spaceId, 'call_later');
  expect(next).toMatchObject({ conversationId: main, created: false, status: 'open' });
});

test('the end of a call counts also when it is known before its opening', async () => {
  await ended('call_quick', 'conv_none', 'close');
  const first = await dialled('+12125550177', null, spaceId, 'call_quick');
  expect(await dialled('+12125550177', null, spaceId, 'call_second')).toMatchObject({
    conversationId: first.conversationId,
    created: false,
  });
});

test('a contact made by the API is recognised when its number calls', async () => {
  const identities = [{ type: 'phone' as const, value: '+1 (212) 555-0188' }];
  const contact = await bench.call(createContact, { spaceId, name: 'Lea', identities });
  const call = await dialled('+12125550188', null, spaceId, 'call_lea');
  expect(call.contactId).toBe(contact.id);
  const [created] = await bench.events(call.conversationId);
  expect(created?.data).toMatchObject({ participants: [{ contactId: contact.id, name: 'Lea' }, {}] });
});

test('a sender whose contact was erased is a new one', async () => {
  const first = await dialled('+4930333', 'Ida');
  await bench.call(deleteContact, { spaceId, contactId: first.contactId ?? '' }, admin);
  const second = await dialled('+4930333', null);
  expect(second.created).toBe(true);
  expect(second.contactId).not.toBe(first.contactId);
});

test('another space has its own conversation of the same sender, and sees nothing of this one', async () => {
  const here = await dialled('+4930444', 'Ole');
  const there = await dialled('+4930444', null, otherSpaceId);
  expect(there.created).toBe(true);
  expect(there.contactId).not.toBe(here.contactId);
  const other = { ...admin, spaces: { [otherSpaceId]: 'admin' as const } };
  await expect(
    bench.call(listMessages, { spaceId: otherSpaceId, conversationId: here.conversationId }, other),
  ).rejects.toMatchObject({ status: 404 });
  const foreign = { ...web, sender: { id: 'vis_x', name: null }, contactId: 'cont_x' };
  await expect(bench.call(openForChannel, foreign, servicePrincipal('x', otherSpaceId))).rejects.toThrow();
  await bench.call(createContact, { spaceId, name: 'still works' });
});
