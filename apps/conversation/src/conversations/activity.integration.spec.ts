import {
  createConversation,
  deleteMessage,
  getConversation,
  listConversations,
  listEvents,
  listMessages,
  markRead,
  postMessage,
  postVisitorMessage,
  type Principal,
} from '@parley/contracts';
import { sql } from 'kysely';
import {
  admin,
  type ConversationBench,
  member,
  openBench,
  spaceId,
  text,
  visitor,
} from '../../test/bench.ts';
import { listQuery } from './list-query.repository.ts';

let bench: ConversationBench;

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'acc_ada', name: 'Ada' }, { id: 'acc_bea', name: 'Bea' });
  bench.files.owned.set(spaceId, { id: spaceId, name: 'Acme' });
});
afterAll(() => bench.close());

const key: Principal = {
  ...{ type: 'api_key', id: 'key_one', keyId: 'key_one', name: 'SECRET key' },
  spaces: { [spaceId]: 'admin' },
};
const channel = { channelId: 'chan_web', deploymentType: 'WEB', target: null };
const say = (no: string, words: string) =>
  bench.call(postVisitorMessage, { spaceId, channel, parts: text(words) }, visitor(no));
const post = (conversationId: string, words: string, principal = member()) =>
  bench.call(postMessage, { spaceId, conversationId, parts: text(words) }, principal);

test('conversations are listed by their last message, page by page, or by when they were created', async () => {
  const ids: string[] = [];
  for (let no = 0; no < 5; no += 1) {
    const { id } = await bench.call(createConversation, { spaceId, subject: `order ${no}` });
    ids.push(id);
  }
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = ids;
  await post(second, 'one');
  await post(first, 'two');
  const byActivity = [first, second, fifth, fourth, third];
  const pages: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: { id: string }[]; nextCursor: string | null } = await bench.call(listConversations, {
      ...{ spaceId, q: 'order', limit: 2 },
      ...(cursor ? { cursor } : {}),
    });
    pages.push(...page.data.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(pages).toEqual(byActivity);
  const created = await bench.call(listConversations, { spaceId, q: 'order', sort: 'createdAt', limit: 3 });
  expect(created.data.map(({ id }) => id)).toEqual([fifth, fourth, third]);
  const rest = await bench.call(listConversations, {
    ...{ spaceId, q: 'order', sort: 'createdAt' },
    cursor: created.nextCursor ?? '',
  });
  expect(rest.data.map(({ id }) => id)).toEqual([second, first]);
  for (const cursor of ['conv_1', 'conv_1.x', 'nothing'])
    await expect(bench.call(listConversations, { spaceId, cursor })).rejects.toMatchObject({ status: 400 });
});

test('a page of a large space is read from the index, without a sequential scan', async () => {
  await bench.in(async (trx) => {
    await sql`
      INSERT INTO conversation (space_id, id, room_id, status, owner, created_at)
      SELECT ${spaceId}, 'conv_many' || n, 'room_many', 'open', 'none', now() - make_interval(hours => n)
      FROM generate_series(1, 3000) AS n`.execute(trx);
  });
  const filter = { spaceId, limit: 50, sort: 'lastActivity' as const, audience: { accountId: 'acc_ada' } };
  const cursor = `conv_many9.${Date.now() - 3_600_000}`;
  for (const one of [filter, { ...filter, cursor }, { ...filter, status: 'open' as const }]) {
    const { rows } = await bench.in((trx) => sql<object>`EXPLAIN ${listQuery(one)}`.execute(trx));
    expect(JSON.stringify(rows)).not.toContain('Seq Scan');
    expect(JSON.stringify(rows)).toContain('conversation_activity_at');
  }
});

test("deleted messages and one's own are not unread", async () => {
  const { conversationId } = await say('ann', 'hello');
  const place = { spaceId, conversationId };
  const { id: messageId } = await post(conversationId, 'wrong answer');
  await post(conversationId, 'answer');
  const unread = async (principal?: Principal) =>
    (await bench.call(getConversation, place, principal)).unread;
  expect(await unread(visitor('ann'))).toBe(2);
  await bench.call(deleteMessage, { ...place, messageId }, admin);
  expect(await unread(visitor('ann'))).toBe(1);
  expect(await unread()).toBe(1);
  expect(await unread(member('acc_bea', 'Bea'))).toBe(2);
  expect(await unread(key)).toBe(2);
  await post(conversationId, 'from a key', key);
  expect(await unread(key)).toBe(2);
});

test('what a key posts is told under the name of the space, to members and visitors', async () => {
  const { conversationId } = await say('bob', 'hello');
  const author = { type: 'account', accountId: null, spaceId, name: 'Acme' };
  expect(await post(conversationId, 'hi', key)).toMatchObject({ author });
  const place = { spaceId, conversationId };
  const { data: seen } = await bench.call(listMessages, place, visitor('bob'));
  expect(seen.at(-1)?.author).toMatchObject({ type: 'account', name: 'Acme' });
  const robot = { ...key, accountId: 'acc_robot', name: 'Robot' };
  await post(conversationId, 'beep', robot);
  const { data: all } = await bench.call(listMessages, place, visitor('bob'));
  expect(all.at(-1)?.author).toMatchObject({ name: 'Robot' });
  const messages = [...all, ...(await bench.call(listMessages, place)).data];
  expect(JSON.stringify(messages)).not.toContain('SECRET');
});

test('what a visitor has read is told of the messages to it', async () => {
  const { conversationId } = await say('cat', 'hello');
  const place = { spaceId, conversationId };
  const first = await post(conversationId, 'one');
  const note = await bench.call(postMessage, { ...place, parts: text('note'), internal: true });
  const second = await post(conversationId, 'two');
  const statuses = async () =>
    Object.fromEntries((await bench.call(listMessages, place)).data.map(({ id, status }) => [id, status]));
  await bench.call(markRead, { ...place, sequence: first.sequence }, visitor('cat'));
  expect(await statuses()).toMatchObject({ [first.id]: 'read', [second.id]: 'accepted' });
  await bench.call(markRead, { ...place, sequence: 2 ** 31 }, visitor('cat'));
  expect(await statuses()).toMatchObject({ [note.id]: 'accepted', [second.id]: 'read' });
  const { data } = await bench.call(listEvents, place);
  const changed = data.filter(({ name }) => name === 'conversation.message_status_changed');
  expect(changed.map((event) => [event.data['messageId'], event.data['status']])).toEqual([
    [first.id, 'read'],
    [second.id, 'read'],
  ]);
  await bench.call(markRead, { ...place, sequence: 2 ** 31 });
  expect((await statuses())[second.id]).toBe('read');
});
