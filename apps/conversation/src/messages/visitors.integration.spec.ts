import {
  addParticipant,
  addReaction,
  deleteMessage,
  editMessage,
  getConversation,
  getMessage,
  handOff,
  listConversations,
  listEvents,
  listMessages,
  listReceipts,
  markRead,
  messageProduced,
  messageReceived,
  newId,
  openForChannel,
  postMessage,
  postVisitorMessage,
  type Principal,
  servicePrincipal,
  turnTranscribed,
  updateConversation,
} from '@parley/contracts';
import { admin, type ConversationBench, openBench, spaceId, text, visitor } from '../../test/bench.ts';

const channel = {
  channelId: 'chan_web',
  deploymentType: 'WEB',
  target: { agentId: 'agent_bot' },
  agentName: 'Bot',
};
let bench: ConversationBench;

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'acc_ada', name: 'Ada' }, { id: 'agent_bot', name: 'Bot' });
});
afterAll(() => bench.close());

async function say(no: string, words: string, conversationId?: string) {
  const named = conversationId ? { conversationId } : {};
  return bench.call(postVisitorMessage, { spaceId, channel, parts: text(words), ...named }, visitor(no));
}

const countOf = (table: 'room' | 'contact' | 'conversation' | 'participant') =>
  bench.in(async (trx) => {
    const { rows } = await trx
      .selectFrom(table)
      .select((query) => query.fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    return rows;
  });

test('a visitor goes on in the active conversation, and in a new one when that was closed', async () => {
  const first = await say('ann', 'hello');
  expect((await say('ann', 'still here', first.conversationId)).conversationId).toBe(first.conversationId);
  await bench.call(updateConversation, { spaceId, conversationId: first.conversationId, status: 'closed' });
  const second = await say('ann', 'one more thing', first.conversationId);
  expect(second.conversationId).not.toBe(first.conversationId);
  expect((await say('ann', 'and another', first.conversationId)).conversationId).toBe(second.conversationId);
  expect((await say('ann', 'go on')).conversationId).toBe(second.conversationId);
});

test('a paused conversation is opened again by its visitor', async () => {
  const { conversationId } = await say('pat', 'hello');
  await bench.call(updateConversation, { spaceId, conversationId, status: 'paused' });
  await say('pat', 'back');
  expect(await bench.call(getConversation, { spaceId, conversationId })).toMatchObject({ status: 'open' });
});

test('another visitor may neither read nor name a conversation', async () => {
  const { conversationId } = await say('bob', 'private');
  const foreign = { status: 404 };
  await expect(say('eve', 'intrude', conversationId)).rejects.toMatchObject(foreign);
  const place = { spaceId, conversationId };
  await expect(bench.call(listMessages, place, visitor('eve'))).rejects.toMatchObject(foreign);
  await expect(bench.call(listEvents, place, visitor('eve'))).rejects.toMatchObject(foreign);
  await expect(bench.call(postMessage, { ...place, parts: text('x') }, visitor('eve'))).rejects.toMatchObject(
    foreign,
  );
  expect((await bench.call(listConversations, { spaceId }, visitor('eve'))).data).toEqual([]);
});

test('internal notes count for members alone', async () => {
  const { conversationId } = await say('cat', 'hello');
  await bench.call(postMessage, { spaceId, conversationId, parts: text('public answer') });
  await bench.call(postMessage, { spaceId, conversationId, parts: text('she is a VIP'), internal: true });
  const [seen] = (await bench.call(listConversations, { spaceId }, visitor('cat'))).data;
  expect(seen?.unread).toBe(1);
  expect(seen?.lastMessage?.parts).toEqual(text('public answer'));
  const known = await bench.call(getConversation, { spaceId, conversationId });
  expect(known.unread).toBe(1);
  expect(known.lastMessage?.internal).toBe(true);
  const { data: events } = await bench.call(listEvents, { spaceId, conversationId }, visitor('cat'));
  expect(JSON.stringify(events)).not.toContain('VIP');
  await bench.call(markRead, { spaceId, conversationId, sequence: 2 ** 40 }, visitor('cat'));
  expect((await bench.call(getConversation, { spaceId, conversationId }, visitor('cat'))).unread).toBe(0);
});

test('reopening beside an active conversation of the same sender is a conflict', async () => {
  const first = await say('dan', 'hello');
  await bench.call(updateConversation, { spaceId, conversationId: first.conversationId, status: 'closed' });
  await say('dan', 'again');
  const reopen = bench.call(updateConversation, {
    spaceId,
    conversationId: first.conversationId,
    status: 'open',
  });
  await expect(reopen).rejects.toMatchObject({ status: 409, code: 'active_conversation_exists' });
});

test('a visitor who writes many times at once begins one conversation, and leaves nothing over', async () => {
  const before = await Promise.all([
    countOf('room'),
    countOf('contact'),
    countOf('conversation'),
    countOf('participant'),
  ]);
  const posts = await Promise.all(Array.from({ length: 8 }, (_, no) => say('fay', `message ${no}`)));
  expect(new Set(posts.map(({ conversationId }) => conversationId)).size).toBe(1);
  const after = await Promise.all([
    countOf('room'),
    countOf('contact'),
    countOf('conversation'),
    countOf('participant'),
  ]);
  expect(after.map((rows, index) => rows - (before[index] ?? 0))).toEqual([1, 1, 1, 2]);
  expect(posts.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

describe('What a visitor reads of its conversation', () => {
  const key: Principal = {
    type: 'api_key',
    id: 'key_secret',
    keyId: 'key_secret',
    name: 'SECRET key',
    spaces: { [spaceId]: 'admin' },
  };
  const me = visitor('gus');
  let place: { spaceId: string; conversationId: string };
  let edited = '';
  let deleted = '';

  beforeAll(async () => {
    const first = await say('gus', 'hello');
    place = { spaceId, conversationId: first.conversationId };
    const change = { subject: 'SECRET subject', labels: ['secret-label'], metadata: { note: 'SECRET' } };
    await bench.call(updateConversation, { ...place, ...change, assignee: 'acc_ada' });
    await bench.call(addParticipant, { ...place, accountId: 'acc_ada', role: 'observer' });
    await bench.call(handOff, { ...place, reason: 'SECRET reason' }, key);
    await bench.call(postMessage, { ...place, parts: text('SECRET note'), internal: true });
    const metadata = { ticket: 'SECRET ticket' };
    edited = (await bench.call(postMessage, { ...place, parts: text('SECRET first wording'), metadata })).id;
    await bench.call(editMessage, { ...place, messageId: edited, parts: text('SECRET second wording') });
    await bench.call(editMessage, { ...place, messageId: edited, parts: text('Last wording') });
    deleted = (await bench.call(postMessage, { ...place, parts: text('SECRET, deleted') }, key)).id;
    await bench.call(addReaction, { ...place, messageId: edited, emoji: '👍' }, key);
    await bench.call(deleteMessage, { ...place, messageId: deleted }, admin);
    await bench.call(markRead, { ...place, sequence: first.sequence });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['the list of its conversations', () => bench.call(listConversations, { spaceId }, me)],
    ['its conversation', () => bench.call(getConversation, place, me)],
    ['its messages', () => bench.call(listMessages, place, me)],
    ['a message that was edited', () => bench.call(getMessage, { ...place, messageId: edited }, me)],
    ['a message that was deleted', () => bench.call(getMessage, { ...place, messageId: deleted }, me)],
    ['the events', () => bench.call(listEvents, place, me)],
    ['who has read', () => bench.call(listReceipts, { ...place, messageId: edited }, me)],
    [
      'the answer to a reaction',
      () => bench.call(addReaction, { ...place, messageId: edited, emoji: '🎉' }, me),
    ],
  ])('holds nothing internal and no earlier wording: %s', async (_what, read) => {
    const seen = JSON.stringify(await read());
    expect(seen).not.toMatch(/secret/i);
    expect(seen).not.toContain('acc_ada');
  });

  it('is the whole conversation all the same', async () => {
    const { data: events, lastSequence } = await bench.call(listEvents, place, me);
    const posted = events.filter(({ name }) => name === 'conversation.message_posted');
    expect(posted.map(({ data }) => (data['message'] as { parts: unknown }).parts)).toEqual([
      text('hello'),
      text('Last wording'),
      [],
    ]);
    const { data: all } = await bench.call(listEvents, place);
    expect(all.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: lastSequence }, (_, no) => no + 1),
    );
    expect(JSON.stringify(all)).toContain('SECRET first wording');
    expect(events.at(-1)?.sequence).toBe(all.at(-1)?.sequence);
    expect(await bench.call(getConversation, place, me)).toMatchObject({ owner: 'human', subject: null });
    expect(await bench.call(getConversation, place)).toMatchObject({ subject: 'SECRET subject' });
  });

  it.each([{ q: 'SECRET' }, { label: 'secret-label' }, { assignee: 'acc_ada' }])(
    'is not found by %j, which it does not see',
    async (filter) => {
      await expect(bench.call(listConversations, { spaceId, ...filter }, me)).rejects.toMatchObject({
        status: 403,
      });
    },
  );
});

describe('a greeting', () => {
  const produced = (conversationId: string, words: string, replyTo: string | null) => ({
    ...{ runId: 'run_one', flowId: 'flow_one', agentId: 'agent_bot', conversationId, attempt: 1, replyTo },
    ...{ messageId: newId('msg'), parts: text(words), citations: [] },
    author: { agentId: 'agent_bot', accountId: null, name: 'Bot' },
    ...(replyTo === null ? { greeting: true } : {}),
  });
  const history = async (conversationId: string) => {
    const { data } = await bench.call(listMessages, { spaceId, conversationId });
    const sorted = data.toSorted((one, other) => one.sequence - other.sequence);
    return sorted.map(({ parts }) => (parts[0]?.type === 'text' ? parts[0].text : ''));
  };
  const open = async (deploymentType: 'CALLS' | 'WEB', id: string) => {
    const sender = { id, name: null };
    const where = { spaceId, channelId: `chan_${deploymentType}`, deploymentType, sender, contactId: null };
    const principal = servicePrincipal('voice-agent', spaceId);
    const { conversationId } = await bench.call(
      openForChannel,
      { ...where, target: { agentId: 'agent_bot' }, targetName: 'Bot' },
      principal,
    );
    return conversationId;
  };
  const speak = (conversationId: string, words: string) => {
    const at = new Date().toISOString();
    const times = { startOfSpeechAt: at, endOfSpeechAt: at, endOfTurnAt: at, transcribedAt: at };
    const said = { conversationId, callId: 'call_g', text: words, typed: false, confidence: 0.9 };
    return bench.feed(turnTranscribed, [{ ...said, ...times, messageId: newId('msg') }]);
  };

  test('is not posted in a chat that began with a message: the widget has shown it', async () => {
    const { id, conversationId } = await say('greet', 'When do you open?');
    await bench.feed(messageProduced, [produced(conversationId, 'Hello!', null)]);
    await bench.feed(messageProduced, [produced(conversationId, 'At nine.', id)]);
    expect(await history(conversationId)).toEqual(['When do you open?', 'At nine.']);
  });

  test.each([
    ['CALLS', '+49301234567'],
    ['WEB', 'vis_greeted'],
  ] as const)('opens a call of %s, unless its caller speaks first', async (type, sender) => {
    const conversationId = await open(type, sender);
    await bench.feed(messageProduced, [produced(conversationId, 'Hello!', null)]);
    await speak(conversationId, 'When do you open?');
    expect(await history(conversationId)).toEqual(['Hello!', 'When do you open?']);
    const other = await open(type, type === 'CALLS' ? '+49301234568' : 'vis_quick');
    await speak(other, 'When do you open?');
    await bench.feed(messageProduced, [produced(other, 'Hello!', null)]);
    expect(await history(other)).toEqual(['When do you open?']);
  });

  test('comes before the first answer where a channel can show none beforehand', async () => {
    const target = { target: { agentId: 'agent_bot' }, targetName: 'Bot' };
    const sender = { id: 'gus', name: 'Gus' };
    await bench.feed(messageReceived, [
      {
        ...{ channelId: 'chan_api', deploymentType: 'CUSTOM', ...target, providerMessageId: 'first', sender },
        ...{ parts: text('When do you open?'), metadata: {}, receivedAt: new Date().toISOString() },
      },
    ]);
    const { data } = await bench.call(listConversations, { spaceId, channelId: 'chan_api' }, admin);
    const { id: conversationId, lastMessage } = data[0] ?? { id: '', lastMessage: null };
    await bench.feed(messageProduced, [
      produced(conversationId, 'Hello!', null),
      produced(conversationId, 'At nine.', lastMessage?.id ?? ''),
    ]);
    expect(await history(conversationId)).toEqual(['When do you open?', 'Hello!', 'At nine.']);
  });
});
