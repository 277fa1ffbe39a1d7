import {
  addRoomParticipant,
  createContact,
  createConversation,
  createRoom,
  deleteConversation,
  deleteRoom,
  getConversation,
  getRoom,
  listRoomConversations,
  listRoomParticipants,
  listRooms,
  removeRoomParticipant,
  updateRoom,
  updateRoomParticipant,
} from '@parley/contracts';
import { type ConversationBench, member, openBench, otherSpaceId, spaceId } from '../../test/bench.ts';

let bench: ConversationBench;

beforeAll(async () => {
  bench = await openBench();
  await bench.know(
    { id: 'acc_ada', name: 'Ada' },
    { id: 'acc_bea', name: 'Bea' },
    { id: 'agent_bot', name: 'Bot' },
  );
});
afterAll(() => bench.close());

const ada = { accountId: 'acc_ada' };
const bea = { accountId: 'acc_bea' };
const direct = (participants: { accountId?: string; agentId?: string }[]) =>
  bench.call(createRoom, { spaceId, type: 'direct', participants });

test('a pair has one direct room, whoever is named first', async () => {
  const room = await direct([ada, bea]);
  const again = await direct([bea, ada]);
  expect(again).toMatchObject({ id: room.id, existing: true });
  expect(again.participants).toHaveLength(2);
  const rooms = await Promise.all(Array.from({ length: 6 }, () => direct([ada, { agentId: 'agent_bot' }])));
  expect(new Set(rooms.map(({ id }) => id)).size).toBe(1);
});

test.each([
  ['nobody', []],
  ['one', [ada]],
  ['one twice', [ada, ada]],
  ['a pair and one of it again', [ada, ada, bea]],
  ['three', [ada, bea, { agentId: 'agent_bot' }]],
  ['an agent and its account', [{ agentId: 'agent_bot' }, { accountId: 'acc_agentbot' }]],
])('%s is no pair', async (_what, participants) => {
  await bench.know({ id: 'acc_agentbot', name: 'Bot' });
  await expect(direct(participants)).rejects.toMatchObject({ status: 422 });
});

test('a contact without name may have a room', async () => {
  const contact = await bench.call(createContact, { spaceId });
  const room = await bench.call(createRoom, { spaceId, participants: [{ contactId: contact.id }] });
  expect(room.participants).toMatchObject([{ contactId: contact.id, name: 'Contact' }]);
});

test('rooms are listed newest first, and are not there for another space', async () => {
  const { id: roomId } = await bench.call(createRoom, { spaceId, name: 'Newest' });
  expect((await bench.call(listRooms, { spaceId, limit: 1 })).data).toMatchObject([
    { id: roomId, name: 'Newest' },
  ]);
  const stranger = member('acc_eve', 'Eve', otherSpaceId);
  const place = { spaceId: otherSpaceId, roomId };
  const calls = [
    bench.call(getRoom, place, stranger),
    bench.call(updateRoom, { ...place, name: 'Theirs' }, stranger),
    bench.call(deleteRoom, place, stranger),
    bench.call(listRoomParticipants, place, stranger),
    bench.call(addRoomParticipant, { ...place, ...ada }, stranger),
    bench.call(removeRoomParticipant, { ...place, participantId: 'part_x' }, stranger),
    bench.call(listRoomConversations, place, stranger),
  ];
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
});

test('people come into a standard room and leave it; a direct room stays as it is', async () => {
  const { id: roomId } = await bench.call(createRoom, { spaceId, participants: [ada] });
  const joined = await bench.call(addRoomParticipant, { spaceId, roomId, ...bea });
  const again = bench.call(addRoomParticipant, { spaceId, roomId, ...bea });
  await expect(again).rejects.toMatchObject({ status: 409, code: 'already_takes_part' });
  const { data } = await bench.call(listRoomParticipants, { spaceId, roomId });
  expect(data.map(({ accountId }) => accountId)).toEqual(['acc_ada', 'acc_bea']);
  await bench.call(removeRoomParticipant, { spaceId, roomId, participantId: joined.id });
  expect((await bench.call(getRoom, { spaceId, roomId })).participants).toHaveLength(1);
  const mate = (await bench.call(getRoom, { spaceId, roomId })).participants[0]?.id ?? '';
  const change = { participantId: mate, role: 'observer' as const };
  expect(await bench.call(updateRoomParticipant, { spaceId, roomId, ...change })).toMatchObject({
    role: 'observer',
  });
  const pair = await direct([ada, bea]);
  const third = bench.call(addRoomParticipant, { spaceId, roomId: pair.id, agentId: 'agent_bot' });
  await expect(third).rejects.toMatchObject({ status: 409, code: 'direct_room' });
  const participantId = pair.participants[0]?.id ?? '';
  const leave = bench.call(removeRoomParticipant, { spaceId, roomId: pair.id, participantId });
  await expect(leave).rejects.toMatchObject({ status: 409, code: 'direct_room' });
  const role = bench.call(updateRoomParticipant, {
    spaceId,
    roomId: pair.id,
    participantId,
    role: 'observer',
  });
  await expect(role).rejects.toMatchObject({ status: 409, code: 'direct_room' });
  const contact = await bench.call(createContact, { spaceId });
  const outside = bench.call(createRoom, {
    spaceId,
    type: 'direct',
    participants: [ada, { contactId: contact.id }],
  });
  await expect(outside).rejects.toMatchObject({ status: 422, code: 'direct_room_contact' });
});

test('conversations of a room begin with its people and are listed newest first', async () => {
  const room = await bench.call(createRoom, { spaceId, participants: [ada, { agentId: 'agent_bot' }] });
  const roomId = room.id;
  const first = await bench.call(createConversation, { spaceId, roomId });
  const second = await bench.call(createConversation, { spaceId, roomId, participants: [bea] });
  expect(first.participants.map(({ name }) => name).sort()).toEqual(['Ada', 'Bot']);
  expect(first.owner).toBe('flow');
  expect(second.participants.map(({ name }) => name).sort()).toEqual(['Ada', 'Bea']);
  const { data } = await bench.call(listRoomConversations, { spaceId, roomId });
  expect(data.map(({ id }) => id)).toEqual([second.id, first.id]);
  expect(await bench.call(updateRoom, { spaceId, roomId, name: 'Front desk' })).toMatchObject({
    name: 'Front desk',
  });
});

test('a deleted room takes its conversations with it; a room outlives a conversation that is deleted', async () => {
  const { id: roomId } = await bench.call(createRoom, { spaceId, name: 'Short-lived', participants: [ada] });
  const made = await Promise.all([1, 2, 3].map(() => bench.call(createConversation, { spaceId, roomId })));
  const [first, ...others] = made.map(({ id }) => id);
  await bench.call(deleteConversation, { spaceId, conversationId: first ?? '' });
  expect((await bench.call(listRoomConversations, { spaceId, roomId })).data).toHaveLength(2);
  expect(await bench.call(deleteRoom, { spaceId, roomId })).toEqual({});
  const calls = [
    bench.call(getRoom, { spaceId, roomId }),
    bench.call(deleteRoom, { spaceId, roomId }),
    bench.call(listRoomConversations, { spaceId, roomId }),
    ...others.map((conversationId) => bench.call(getConversation, { spaceId, conversationId })),
  ];
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
  for (const conversationId of others)
    expect((await bench.events(conversationId)).map(({ name }) => name)).toEqual(['conversation.deleted']);
  const again = bench.call(createConversation, { spaceId, roomId });
  await expect(again).rejects.toMatchObject({ status: 422, code: 'unknown_room' });
});
