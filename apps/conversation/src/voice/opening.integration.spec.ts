import {
  createContact,
  deleteContact,
  type EventData,
  getContact,
  listMessages,
  messageReceived,
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

const dialled = (sender: string, name: string | null, space = spaceId) =>
  bench.call(
    openForChannel,
    {
      ...{ spaceId: space, channelId: 'chan_tel', deploymentType: 'CALLS', target, targetName: 'Bot' },
      ...{ sender: { id: sender, name }, contactId: null },
    },
    servicePrincipal('telephony', space),
  );

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
