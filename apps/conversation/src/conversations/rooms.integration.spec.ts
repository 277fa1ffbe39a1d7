import { createContact, createRoom, getRoom, listRooms } from '@parley/contracts';
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
  await expect(bench.call(getRoom, { spaceId: otherSpaceId, roomId }, stranger)).rejects.toMatchObject({
    status: 404,
  });
});
