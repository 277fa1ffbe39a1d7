import {
  createContact,
  createConversation,
  deleteMessage,
  deliveryUpdated,
  editMessage,
  getConversation,
  getMessage,
  listEvents,
  listMessages,
  messageProduced,
  newId,
  postMessage,
  takeOver,
} from '@parley/contracts';
import {
  admin,
  type ConversationBench,
  member,
  openBench,
  otherSpaceId,
  spaceId,
  text,
} from '../../test/bench.ts';

let bench: ConversationBench;

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'acc_ada', name: 'Ada' }, { id: 'agent_bot', name: 'Bot' });
});
afterAll(() => bench.close());

async function begin(participants: { agentId?: string; contactId?: string }[] = []): Promise<string> {
  return (await bench.call(createConversation, { spaceId, participants })).id;
}

async function post(conversationId: string, words: string, more: { internal?: boolean } = {}) {
  return bench.call(postMessage, { spaceId, conversationId, parts: text(words), ...more });
}

test('sequences beyond any that was given answer an empty page', async () => {
  const conversationId = await begin();
  await post(conversationId, 'one');
  for (const afterSequence of [2 ** 31, Number.MAX_SAFE_INTEGER]) {
    const messages = await bench.call(listMessages, { spaceId, conversationId, afterSequence });
    expect(messages).toEqual({ data: [], nextCursor: null });
    const events = await bench.call(listEvents, { spaceId, conversationId, afterSequence });
    expect(events).toMatchObject({ data: [], nextCursor: null, lastSequence: 2 });
  }
  const before = await bench.call(listMessages, { spaceId, conversationId, beforeSequence: 2 ** 40 });
  expect(before.data).toHaveLength(1);
  const far = await bench.call(listMessages, { spaceId, conversationId, cursor: String(2 ** 40) });
  expect(far.data).toEqual([]);
});

test.each(['', '-1', '1e3', '0x10', '99999999999999999999', 'next'])(
  'the cursor "%s" is refused',
  async (cursor) => {
    const conversationId = await begin();
    await expect(bench.call(listMessages, { spaceId, conversationId, cursor })).rejects.toMatchObject({
      status: 400,
    });
  },
);

test('pages go through all messages, forwards and backwards', async () => {
  const conversationId = await begin();
  for (const words of ['a', 'b', 'c', 'd', 'e']) await post(conversationId, words);
  const first = await bench.call(listMessages, { spaceId, conversationId, limit: 2 });
  const cursor = first.nextCursor ?? '';
  const second = await bench.call(listMessages, { spaceId, conversationId, limit: 2, cursor });
  const third = await bench.call(listMessages, {
    spaceId,
    conversationId,
    limit: 2,
    cursor: second.nextCursor ?? '',
  });
  expect([first, second, third].map(({ data }) => data.map(({ sequence }) => sequence))).toEqual([
    [2, 3],
    [4, 5],
    [6],
  ]);
  expect(third.nextCursor).toBeNull();
  const back = await bench.call(listMessages, { spaceId, conversationId, limit: 2, beforeSequence: 5 });
  expect(back.data.map(({ sequence }) => sequence)).toEqual([3, 4]);
});

test('a status rises, may fail once it was sent, and never falls back', async () => {
  const conversationId = await begin();
  const deliver = async (messageId: string, ...statuses: ('sent' | 'delivered' | 'read' | 'failed')[]) => {
    for (const status of statuses) {
      const ids = { deliveryId: newId('dlv'), channelId: newId('chan'), conversationId, messageId };
      await bench.feed(deliveryUpdated, [{ ...ids, status, reason: null, providerMessageId: null }]);
    }
    return (await bench.call(getMessage, { spaceId, conversationId, messageId })).status;
  };
  const posted = async () => (await post(conversationId, 'hello')).id;
  expect(await deliver(await posted(), 'sent', 'failed')).toBe('failed');
  expect(await deliver(await posted(), 'failed')).toBe('failed');
  expect(await deliver(await posted(), 'read', 'delivered', 'failed', 'sent')).toBe('read');
  expect(await deliver(await posted(), 'delivered', 'failed')).toBe('delivered');
  expect(await deliver(await posted(), 'sent', 'failed', 'delivered')).toBe('delivered');
});

test('what came of the delivery of an edit says nothing about the message', async () => {
  const conversationId = await begin();
  const { id: messageId } = await post(conversationId, 'hello');
  const ids = { deliveryId: newId('dlv'), channelId: newId('chan'), conversationId, messageId };
  const update = { ...ids, reason: 'away', providerMessageId: null, attempts: 8 };
  await bench.feed(deliveryUpdated, [
    { ...update, status: 'sent', kind: 'message' },
    ...(['message_changed', 'message_deleted', 'reaction'] as const).map((kind) => ({
      ...{ ...update, kind, status: 'failed' as const },
    })),
  ]);
  expect((await bench.call(getMessage, { spaceId, conversationId, messageId })).status).toBe('sent');
});

test('what came of many messages at once is kept in one batch', async () => {
  const conversationId = await begin();
  const messages = [await post(conversationId, 'one'), await post(conversationId, 'two')];
  const channelId = newId('chan');
  const updates = messages.flatMap(({ id: messageId }) =>
    (['sent', 'delivered'] as const).map((status) => ({
      ...{ deliveryId: newId('dlv'), channelId, conversationId, messageId, status },
      ...{ reason: null, providerMessageId: null },
    })),
  );
  await bench.feed(deliveryUpdated, updates);
  const { data } = await bench.call(listMessages, { spaceId, conversationId });
  expect(data.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  expect((await bench.events(conversationId)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('an answer that comes after a takeover stays visible to members, as an internal note', async () => {
  const contact = await bench.call(createContact, { spaceId, name: 'Cleo' });
  const conversationId = await begin([{ contactId: contact.id }, { agentId: 'agent_bot' }]);
  await bench.call(takeOver, { spaceId, conversationId });
  const messageId = newId('msg');
  const answer = {
    ...{
      runId: newId('run'),
      flowId: newId('flow'),
      agentId: 'agent_bot',
      conversationId,
      messageId,
      attempt: 1,
    },
    ...{ parts: text('Too late'), citations: [], replyTo: null },
    author: { agentId: 'agent_bot', accountId: null, name: 'Bot' },
  };
  await bench.feed(messageProduced, [answer]);
  await bench.feed(messageProduced, [answer]);
  const message = await bench.call(getMessage, { spaceId, conversationId, messageId });
  expect(message).toMatchObject({
    internal: true,
    metadata: { withheld: 'owner_changed' },
    parts: text('Too late'),
  });
  const { data } = await bench.call(listMessages, { spaceId, conversationId });
  expect(data).toHaveLength(1);
});

test('a deleted message stays deleted', async () => {
  const conversationId = await begin();
  const { id: messageId } = await post(conversationId, 'secret');
  await bench.call(editMessage, { spaceId, conversationId, messageId, parts: text('better') });
  await bench.call(deleteMessage, { spaceId, conversationId, messageId });
  const edit = bench.call(editMessage, { spaceId, conversationId, messageId, parts: text('again') });
  await expect(edit).rejects.toMatchObject({ status: 409, code: 'message_deleted' });
  const before = await bench.events(conversationId);
  await bench.call(deleteMessage, { spaceId, conversationId, messageId });
  expect(await bench.events(conversationId)).toHaveLength(before.length);
  expect((await bench.call(getMessage, { spaceId, conversationId, messageId })).parts).toEqual([]);
});

test('only the author or an admin changes a message', async () => {
  const conversationId = await begin();
  const { id: messageId } = await post(conversationId, 'mine');
  const input = { spaceId, conversationId, messageId, parts: text('yours') };
  await expect(bench.call(editMessage, input, member('acc_eve', 'Eve'))).rejects.toMatchObject({
    status: 403,
  });
  expect((await bench.call(editMessage, input, admin)).parts).toEqual(text('yours'));
});

test('a conversation, its messages and events are not there for another space', async () => {
  const conversationId = await begin();
  const { id: messageId } = await post(conversationId, 'ours');
  const stranger = member('acc_eve', 'Eve', otherSpaceId);
  const place = { spaceId: otherSpaceId, conversationId };
  const calls = [
    bench.call(getConversation, place, stranger),
    bench.call(listMessages, place, stranger),
    bench.call(listEvents, place, stranger),
    bench.call(postMessage, { ...place, parts: text('theirs') }, stranger),
    bench.call(getMessage, { ...place, messageId }, stranger),
    bench.call(deleteMessage, { ...place, messageId }, stranger),
  ];
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
});
