import {
  addParticipant,
  addReaction,
  createConversation,
  createRoom,
  deleteConversation,
  deleteMessage,
  deleteRoom,
  editMessage,
  getConversation,
  getMessage,
  getRoom,
  handOff,
  handoffRequested,
  isRestricted,
  listConversations,
  listEvents,
  listMessages,
  listParticipants,
  listReceipts,
  listRoomConversations,
  listRooms,
  markRead,
  postMessage,
  type Principal,
  release,
  removeParticipant,
  removeReaction,
  searchMessages,
  setTyping,
  takeOver,
  updateConversation,
  updateParticipant,
  updateRoom,
} from '@parley/contracts';
import { type ConversationBench, member, openBench, spaceId, text } from '../../test/bench.ts';

const ada = member('acc_ada', 'Ada');
const bea = member('acc_bea', 'Bea');
const owner: Principal = { ...member('acc_root', 'Root'), spaces: { [spaceId]: 'owner' } };
const viewer: Principal = { ...member('acc_vic', 'Vic'), spaces: { [spaceId]: 'viewer' } };
const key: Principal = { type: 'api_key', id: 'key_one', keyId: 'key_one', spaces: { [spaceId]: 'owner' } };
const others: [string, Principal][] = [
  ['the owner', owner],
  ['a third member', member('acc_cat', 'Cat')],
  ['a viewer', viewer],
  ['an API key', key],
  ['a service account', { ...key, id: 'key_two', accountId: 'acc_robot', name: 'Robot' }],
  [
    'a visitor',
    {
      ...{ type: 'visitor', id: 'cont_x', contactId: 'cont_x', visitorId: 'vis_x', channelId: 'chan_web' },
      spaces: { [spaceId]: 'visitor' },
    },
  ],
];

let bench: ConversationBench;
let place: { spaceId: string; conversationId: string };
let roomId = '';
let messageId = '';

beforeAll(async () => {
  bench = await openBench();
  await bench.know(
    { id: 'acc_ada', name: 'Ada' },
    { id: 'acc_bea', name: 'Bea' },
    { id: 'acc_cat', name: 'Cat' },
    { id: 'agent_bot', name: 'Bot' },
  );
  const participants = [{ accountId: 'acc_ada' }, { accountId: 'acc_bea' }];
  const input = {
    spaceId,
    type: 'direct' as const,
    participants,
    name: 'SECRET name',
    metadata: { a: 'SECRET' },
  };
  roomId = (await bench.call(createRoom, input, ada)).id;
  const made = await bench.call(createConversation, { spaceId, roomId, subject: 'SECRET subject' }, ada);
  place = { spaceId, conversationId: made.id };
  const post = { ...place, parts: text('SECRET wording') };
  messageId = (await bench.call(postMessage, post, ada)).id;
});
afterAll(() => bench.close());

test('the two read and write, and both take part', async () => {
  await bench.call(postMessage, { ...place, parts: text('SECRET answer') }, bea);
  for (const one of [ada, bea]) {
    expect((await bench.call(listMessages, place, one)).data).toHaveLength(2);
    const conversation = await bench.call(getConversation, place, one);
    expect(conversation.participants.map(({ name }) => name).sort()).toEqual(['Ada', 'Bea']);
    expect((await bench.call(listConversations, { spaceId }, one)).data).toHaveLength(1);
    expect((await bench.call(searchMessages, { spaceId, q: 'wording' }, one)).data).toHaveLength(1);
    expect((await bench.call(listRoomConversations, { spaceId, roomId }, one)).data).toHaveLength(1);
  }
});

describe.each(others)('for %s', (_who, principal) => {
  it.each<[string, () => Promise<unknown>]>([
    ['the conversation', () => bench.call(getConversation, place, principal)],
    ['its participants', () => bench.call(listParticipants, place, principal)],
    ['its messages', () => bench.call(listMessages, place, principal)],
    ['a message', () => bench.call(getMessage, { ...place, messageId }, principal)],
    ['its events', () => bench.call(listEvents, place, principal)],
    ['who has read', () => bench.call(listReceipts, { ...place, messageId }, principal)],
    ['a new message', () => bench.call(postMessage, { ...place, parts: text('x') }, principal)],
    ['a note', () => bench.call(postMessage, { ...place, parts: text('x'), internal: true }, principal)],
    ['an edit', () => bench.call(editMessage, { ...place, messageId, parts: text('x') }, principal)],
    ['a deletion', () => bench.call(deleteMessage, { ...place, messageId }, principal)],
    ['a reaction', () => bench.call(addReaction, { ...place, messageId, emoji: '👍' }, principal)],
    ['a reaction less', () => bench.call(removeReaction, { ...place, messageId, emoji: '👍' }, principal)],
    ['reading', () => bench.call(markRead, { ...place, sequence: 1 }, principal)],
    ['typing', () => bench.call(setTyping, place, principal)],
    ['a change', () => bench.call(updateConversation, { ...place, status: 'closed' }, principal)],
    ['its own deletion', () => bench.call(deleteConversation, place, principal)],
    ['a takeover', () => bench.call(takeOver, place, principal)],
    ['a handoff', () => bench.call(handOff, place, principal)],
    ['a release', () => bench.call(release, place, principal)],
    ['joining', () => bench.call(addParticipant, { ...place, accountId: 'acc_cat' }, principal)],
  ])('there is not %s', async (_what, call) => {
    await expect(call()).rejects.toMatchObject({ status: 404 });
  });

  it('lists, search and rooms show nothing of it but that it is there', async () => {
    const seen = [
      await bench.call(listConversations, { spaceId }, principal),
      await bench.call(searchMessages, { spaceId, q: 'SECRET' }, principal),
      await bench.call(listRooms, { spaceId }, principal),
      await bench.call(getRoom, { spaceId, roomId }, principal),
    ];
    expect(JSON.stringify(seen)).not.toContain('SECRET');
    const denied = { status: 403 };
    await expect(bench.call(listRoomConversations, { spaceId, roomId }, principal)).rejects.toMatchObject(
      denied,
    );
    await expect(bench.call(updateRoom, { spaceId, roomId, name: 'x' }, principal)).rejects.toMatchObject(
      denied,
    );
    await expect(bench.call(deleteRoom, { spaceId, roomId }, principal)).rejects.toMatchObject(denied);
    await expect(bench.call(createConversation, { spaceId, roomId }, principal)).rejects.toMatchObject(
      denied,
    );
  });
});

test('there is no takeover, handoff, assignment or change of who takes part', async () => {
  const { participants } = await bench.call(getConversation, place, ada);
  const participantId = participants[0]?.id ?? '';
  const calls = [
    bench.call(takeOver, place, ada),
    bench.call(handOff, place, ada),
    bench.call(release, place, ada),
    bench.call(updateConversation, { ...place, assignee: 'acc_bea' }, ada),
    bench.call(addParticipant, { ...place, accountId: 'acc_cat' }, ada),
    bench.call(updateParticipant, { ...place, participantId, role: 'observer' }, ada),
    bench.call(removeParticipant, { ...place, participantId }, ada),
    bench.call(createConversation, { spaceId, roomId, participants: [{ accountId: 'acc_cat' }] }, ada),
  ];
  await Promise.all(
    calls.map((call) => expect(call).rejects.toMatchObject({ status: 409, code: 'direct_room' })),
  );
});

test('every event names those who may see it', async () => {
  const events = await bench.events(place.conversationId);
  expect(events.length).toBeGreaterThan(2);
  for (const { data } of events) {
    expect(data).toMatchObject({ audience: ['acc_ada', 'acc_bea'] });
    expect(isRestricted(data)).toBe(true);
  }
});

test('an agent answers in a direct room, and its handoff changes nothing', async () => {
  const participants = [{ accountId: 'acc_ada' }, { agentId: 'agent_bot' }];
  const room = await bench.call(createRoom, { spaceId, type: 'direct', participants }, ada);
  const made = await bench.call(createConversation, { spaceId, roomId: room.id }, ada);
  expect(made.owner).toBe('flow');
  const there = { spaceId, conversationId: made.id };
  await bench.call(postMessage, { ...there, parts: text('hello') }, ada);
  const events = await bench.events(made.id);
  expect(events.at(-1)?.data).toMatchObject({
    ...{ wakes: true, agentIds: ['agent_bot'] },
    audience: ['acc_ada', 'acc_agentbot', 'agent_bot'],
  });
  await bench.feed(handoffRequested, [
    { runId: 'run_1', flowId: 'flow_1', agentId: 'agent_bot', conversationId: made.id, reason: 'help' },
  ]);
  expect((await bench.call(getConversation, there, ada)).owner).toBe('flow');
});

test('either of the two deletes its conversations and the room, and the pair may have a new one', async () => {
  const participants = [{ accountId: 'acc_bea' }, { accountId: 'acc_cat' }];
  const open = () => bench.call(createRoom, { spaceId, type: 'direct', participants }, bea);
  const room = await open();
  const begin = () => bench.call(createConversation, { spaceId, roomId: room.id }, bea);
  const [one, two] = [await begin(), await begin()];
  await bench.call(deleteConversation, { spaceId, conversationId: one.id }, member('acc_cat', 'Cat'));
  await bench.call(deleteRoom, { spaceId, roomId: room.id }, member('acc_cat', 'Cat'));
  for (const { id } of [one, two])
    expect((await bench.events(id)).map(({ data }) => isRestricted(data))).toEqual([true]);
  expect((await open()).id).not.toBe(room.id);
});
