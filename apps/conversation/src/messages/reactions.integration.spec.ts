import {
  addReaction,
  createConversation,
  deleteMessage,
  getMessage,
  listReceipts,
  markRead,
  postMessage,
  postVisitorMessage,
  removeReaction,
  searchMessages,
  setTyping,
} from '@parley/contracts';
import {
  type ConversationBench,
  member,
  openBench,
  otherSpaceId,
  spaceId,
  text,
  visitor,
} from '../../test/bench.ts';

let bench: ConversationBench;
const stranger = member('acc_eve', 'Eve', otherSpaceId);
const channel = { channelId: 'chan_web', deploymentType: 'WEB', target: null };

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'acc_ada', name: 'Ada' });
});
afterAll(() => bench.close());

const say = (words: string) =>
  bench.call(postVisitorMessage, { spaceId, channel, parts: text(words) }, visitor('ann'));

test('a reaction is put once by each, told as an event, and taken back', async () => {
  const { id: messageId, conversationId } = await say('nice');
  const place = { spaceId, conversationId, messageId };
  await bench.call(addReaction, { ...place, emoji: '👍' });
  await bench.call(addReaction, { ...place, emoji: '👍' });
  const both = await bench.call(addReaction, { ...place, emoji: '👍' }, visitor('ann'));
  expect(both.reactions).toEqual([
    { emoji: '👍', accountId: null },
    { emoji: '👍', contactId: 'cont_ann' },
  ]);
  expect((await bench.call(getMessage, place)).reactions).toEqual([
    { emoji: '👍', accountId: 'acc_ada' },
    { emoji: '👍', contactId: 'cont_ann' },
  ]);
  const one = await bench.call(removeReaction, { ...place, emoji: '👍' });
  expect(one.reactions).toEqual([{ emoji: '👍', contactId: 'cont_ann' }]);
  await expect(bench.call(removeReaction, { ...place, emoji: '👍' })).rejects.toMatchObject({ status: 404 });
  const changes = (await bench.events(conversationId)).filter(({ name }) => name.endsWith('message_changed'));
  expect(changes.map(({ data }) => data['change'])).toEqual(['reaction', 'reaction', 'reaction']);
  // Whoever delivers the change knows where the contact is, and which of its messages it is.
  for (const { data } of changes)
    expect(data).toMatchObject({ origin: { channelId: channel.channelId }, providerMessageId: null });
});

test('a reaction is one emoji, the same in all its forms, also where an older row holds another form', async () => {
  const { id: messageId, conversationId } = await say('lovely');
  const place = { spaceId, conversationId, messageId };
  const stored = [
    { emoji: '❤', accountId: 'acc_ada' },
    { emoji: '❤\ufe0f', accountId: 'acc_ada' },
    { emoji: 'wow', accountId: 'acc_ada' },
  ];
  await bench.database.withSpaces([spaceId], (trx) =>
    trx
      .updateTable('message')
      .set({ reactions: JSON.stringify(stored) })
      .where('id', '=', messageId)
      .execute(),
  );
  const heart = { emoji: '❤\ufe0f', accountId: 'acc_ada' };
  const word = { emoji: 'wow', accountId: 'acc_ada' };
  expect((await bench.call(getMessage, place)).reactions).toEqual([heart, word]);
  const add = async (emoji: string) => (await bench.call(addReaction, { ...place, emoji })).reactions;
  expect(await add('❤')).toEqual([heart, word]);
  expect(await add('👍🏽')).toEqual([heart, word, { emoji: '👍🏽', accountId: 'acc_ada' }]);
  expect(await add('👍\ufe0f')).toHaveLength(4);
  for (const emoji of ['ok', '👍👍', '🏽', '+1', '👍❤'])
    await expect(add(emoji)).rejects.toMatchObject({ status: 400, errors: [{ pointer: '/emoji' }] });
  for (const emoji of ['❤', '👍', '👍🏽', 'wow']) await bench.call(removeReaction, { ...place, emoji });
  expect((await bench.call(getMessage, place)).reactions).toEqual([]);
});

test('receipts name who has read a message', async () => {
  const { id: messageId, conversationId, sequence } = await say('read me');
  const place = { spaceId, conversationId, messageId };
  expect((await bench.call(listReceipts, place)).data).toEqual([]);
  await bench.call(markRead, { spaceId, conversationId, sequence: sequence - 1 }, member('acc_bea', 'Bea'));
  await bench.call(markRead, { spaceId, conversationId, sequence });
  await bench.call(markRead, { spaceId, conversationId, sequence }, visitor('ann'));
  const { data } = await bench.call(listReceipts, place);
  expect(data).toMatchObject([
    { accountId: 'acc_ada', contactId: null, status: 'read' },
    { accountId: null, contactId: 'cont_ann', status: 'read' },
  ]);
});

test('typing is told live, to the conversation alone', async () => {
  const { conversationId } = await say('hello');
  await bench.call(setTyping, { spaceId, conversationId });
  expect(bench.live.at(-1)).toEqual({
    conversationId,
    news: { type: 'typing', name: 'Ada', actorId: 'acc_ada' },
  });
  const key = { type: 'api_key' as const, id: 'key_one', name: 'Secret key name' };
  await bench.call(setTyping, { spaceId, conversationId }, { ...key, spaces: { [spaceId]: 'agent' } });
  expect(bench.live.at(-1)?.news).toEqual({ type: 'typing', name: 'Somebody', actorId: 'key_one' });
});

test('search finds words, beginnings of words, parts of words and misspelt words, newest first', async () => {
  const { id: conversationId } = await bench.call(createConversation, { spaceId });
  const post = async (words: string) =>
    (await bench.call(postMessage, { spaceId, conversationId, parts: text(words) })).id;
  const first = await post('The refrigerator arrived with a dent');
  const second = await post('Another refrigerator, ordered "twice"');
  const find = async (q: string, more: object = {}) => {
    const { data, nextCursor } = await bench.call(searchMessages, { spaceId, q, ...more });
    return { ids: data.map(({ id }) => id), nextCursor };
  };
  expect((await find('refrigerator')).ids).toEqual([second, first]);
  expect((await find('REFRIG')).ids).toEqual([second, first]);
  expect((await find('friger')).ids).toEqual([second, first]);
  expect((await find('refridgerator dent')).ids).toContain(first);
  expect((await find('refrigerator -dent')).ids).toEqual([second]);
  expect((await find("dent') | !(x")).ids).toEqual(expect.any(Array));
  expect((await find('100%')).ids).toEqual([]);
  const page = await find('refrigerator', { limit: 1 });
  expect(page).toMatchObject({ ids: [second] });
  expect(await find('refrigerator', { limit: 1, cursor: page.nextCursor ?? '' })).toEqual({
    ids: [first],
    nextCursor: null,
  });
  await bench.call(deleteMessage, { spaceId, conversationId, messageId: first });
  expect((await find('refrigerator')).ids).toEqual([second]);
  const { data } = await bench.call(searchMessages, { spaceId: otherSpaceId, q: 'refrigerator' }, stranger);
  expect(data).toEqual([]);
});

test('messages of another space take no reaction and give no receipt', async () => {
  const { id: messageId, conversationId } = await say('ours');
  const place = { spaceId: otherSpaceId, conversationId, messageId };
  const calls = [
    bench.call(addReaction, { ...place, emoji: '👍' }, stranger),
    bench.call(removeReaction, { ...place, emoji: '👍' }, stranger),
    bench.call(listReceipts, place, stranger),
    bench.call(setTyping, { spaceId: otherSpaceId, conversationId }, stranger),
    bench.call(markRead, { spaceId: otherSpaceId, conversationId, sequence: 1 }, stranger),
    bench.call(listReceipts, { ...place, spaceId }, visitor('bob')),
    bench.call(setTyping, { spaceId, conversationId }, visitor('bob')),
  ];
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
});
