import {
  addIdentity,
  createContact,
  createConversation,
  createRoom,
  deleteContact,
  getContact,
  getConversation,
  getRoom,
  listContacts,
  listEvents,
  listIdentities,
  listMessages,
  mergeContacts,
  messageReceived,
  postVisitorMessage,
  removeIdentity,
  updateContact,
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

const channel = { channelId: 'chan_web', deploymentType: 'WEB', target: null };
let bench: ConversationBench;

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'acc_ada', name: 'Ada' });
});
afterAll(() => bench.close());

const say = (no: string, words: string) =>
  bench.call(postVisitorMessage, { spaceId, channel, parts: text(words) }, visitor(no));

test('a contact is made, found, changed and given identities', async () => {
  const identities = [{ type: 'email' as const, value: 'cleo@example.org' }];
  const contact = await bench.call(createContact, { spaceId, name: 'Cleo', identities });
  const contactId = contact.id;
  expect(contact.identities).toEqual([
    { type: 'email', value: 'cleo@example.org', channelId: null, verified: true },
  ]);
  await bench.call(updateContact, { spaceId, contactId, name: 'Cleo B.', attributes: { plan: 'gold' } });
  const find = async (q: string) => (await bench.call(listContacts, { spaceId, q })).data.map(({ id }) => id);
  expect(await find('cleo b')).toEqual([contactId]);
  expect(await find('cleo@example')).toEqual([contactId]);
  const phone = { type: 'phone' as const, value: '+4930123' };
  expect(await bench.call(addIdentity, { spaceId, contactId, ...phone })).toEqual({
    ...phone,
    channelId: null,
    verified: true,
  });
  expect((await bench.call(listIdentities, { spaceId, contactId })).data).toHaveLength(2);
  const other = await bench.call(createContact, { spaceId });
  const taken = bench.call(addIdentity, { spaceId, contactId: other.id, ...phone });
  await expect(taken).rejects.toMatchObject({
    status: 409,
    code: 'identity_taken',
    message: expect.stringContaining(contactId),
    errors: [{ pointer: '/value', detail: `belongs to ${contactId}` }],
  });
  await bench.call(removeIdentity, { spaceId, contactId, ...phone });
  const gone = bench.call(removeIdentity, { spaceId, contactId, ...phone });
  await expect(gone).rejects.toMatchObject({ status: 404 });
});

test('a merged contact goes on under the other, and its visitor keeps the conversation', async () => {
  const { conversationId } = await say('ann', 'I am Ann');
  const known = await bench.call(createContact, { spaceId, name: 'Ann Known', attributes: { plan: 'gold' } });
  const room = await bench.call(createRoom, { spaceId, participants: [{ contactId: 'cont_ann' }] });
  const merged = await bench.call(mergeContacts, { spaceId, id: known.id, contactId: 'cont_ann' });
  expect(merged).toMatchObject({ id: known.id, name: 'Ann Known', attributes: { plan: 'gold' } });
  expect(merged.identities).toEqual([
    { type: 'visitor', value: 'vis_ann', channelId: 'chan_web', verified: false },
  ]);
  const old = { spaceId, contactId: 'cont_ann' };
  expect(await bench.call(getContact, old)).toMatchObject({
    mergedInto: known.id,
    name: null,
    identities: [],
  });
  await expect(bench.call(updateContact, { ...old, name: 'Ann' })).rejects.toMatchObject({
    status: 409,
    code: 'contact_merged',
    message: expect.stringContaining(known.id),
  });
  expect((await bench.call(listContacts, { spaceId })).data.map(({ id }) => id)).not.toContain('cont_ann');
  const named = await bench.call(createConversation, { spaceId, participants: [{ contactId: 'cont_ann' }] });
  expect(named.contactId).toBe(known.id);
  const place = { spaceId, conversationId };
  expect(await bench.call(getConversation, place)).toMatchObject({
    contactId: known.id,
    participants: [{ contactId: known.id, name: 'Ann Known' }],
  });
  expect((await bench.call(getRoom, { spaceId, roomId: room.id })).participants).toMatchObject([
    { contactId: known.id },
  ]);
  const next = await say('ann', 'still me');
  expect(next).toMatchObject({ conversationId, author: { contactId: known.id } });
  expect((await bench.call(listMessages, place, visitor('ann'))).data).toHaveLength(2);
  const events = await bench.events(conversationId);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
  const self = bench.call(mergeContacts, { spaceId, id: known.id, contactId: known.id });
  await expect(self).rejects.toMatchObject({ status: 422 });
});

test('an erased contact leaves messages without author, and no name, address or id anywhere', async () => {
  const parts = text('My order is late');
  const sender = { id: '+491701234567', name: 'Hugo Erasable' };
  await bench.feed(messageReceived, [
    {
      ...{
        channelId: 'chan_sms',
        deploymentType: 'SMS',
        target: null,
        targetName: null,
        metadata: { from: sender.id },
      },
      ...{ providerMessageId: 'sms_1', sender, parts, receivedAt: new Date().toISOString() },
    },
  ]);
  const [contact] = (await bench.call(listContacts, { spaceId, q: 'Hugo' })).data;
  const contactId = contact?.id ?? '';
  const [row] = await bench.in((trx) =>
    trx.selectFrom('conversation').select('id').where('contact_id', '=', contactId).execute(),
  );
  const conversationId = row?.id ?? '';
  await bench.call(deleteContact, { spaceId, contactId });
  await expect(bench.call(getContact, { spaceId, contactId })).rejects.toMatchObject({ status: 404 });
  const place = { spaceId, conversationId };
  const conversation = await bench.call(getConversation, place);
  expect(conversation).toMatchObject({ status: 'closed', contactId: null, participants: [] });
  const messages = await bench.call(listMessages, place);
  expect(messages.data).toMatchObject([
    { parts, author: { type: 'contact', contactId: null, name: 'Erased contact' } },
  ]);
  const events = await bench.call(listEvents, place);
  const kept = JSON.stringify([conversation, messages, events]);
  for (const trace of ['Hugo', contactId, sender.id]) expect(kept).not.toContain(trace);
  expect(events.data.map(({ name }) => name)).toContain('conversation.contact_erased');
  expect((await bench.call(listContacts, { spaceId, q: sender.id })).data).toEqual([]);
});

test('contacts are not there for another space', async () => {
  const { id: contactId } = await bench.call(createContact, { spaceId, name: 'Ours' });
  const stranger = member('acc_eve', 'Eve', otherSpaceId);
  const theirs = await bench.call(createContact, { spaceId: otherSpaceId }, stranger);
  const place = { spaceId: otherSpaceId, contactId };
  const email = { type: 'email' as const, value: 'x@example.org' };
  const calls = [
    bench.call(getContact, place, stranger),
    bench.call(updateContact, { ...place, name: 'x' }, stranger),
    bench.call(deleteContact, place, stranger),
    bench.call(listIdentities, place, stranger),
    bench.call(addIdentity, { ...place, ...email }, stranger),
    bench.call(removeIdentity, { ...place, ...email }, stranger),
    bench.call(mergeContacts, { spaceId: otherSpaceId, id: theirs.id, contactId }, stranger),
  ];
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
  expect((await bench.call(listContacts, { spaceId: otherSpaceId, q: 'Ours' }, stranger)).data).toEqual([]);
});

test('attributes and metadata are merged by a change', async () => {
  const attributes = { plan: 'gold', home: { city: 'Bonn', zip: '53111' } };
  const { id: contactId } = await bench.call(createContact, { spaceId, attributes, metadata: { crm: 7 } });
  const change = { attributes: { home: { zip: null, street: 'Hofgarten' } }, metadata: { source: 'fair' } };
  expect(await bench.call(updateContact, { spaceId, contactId, ...change })).toMatchObject({
    attributes: { plan: 'gold', home: { city: 'Bonn', street: 'Hofgarten' } },
    metadata: { crm: 7, source: 'fair' },
  });
  const events = await bench.events(contactId);
  expect(events.map(({ name }) => name)).toEqual([
    'conversation.contact_created',
    'conversation.contact_updated',
  ]);
});

test('attributes have a limit of their own', () => {
  const attributes = { note: 'x'.repeat(16_384) };
  for (const operation of [createContact, updateContact]) {
    const { error } = operation.input.safeParse({ spaceId, contactId: 'cont_one', attributes });
    const found = error?.issues.filter(({ path }) => path[0] === 'attributes');
    expect(found).toMatchObject([{ message: 'is larger than 16 KB' }]);
  }
});

test.each([
  ['Jürgen Weiß', ['juergen', 'JURGEN', 'weiss', 'weiß jürgen', 'rgen']],
  ['Łukasz Żak', ['lukasz', 'zak']],
  ['Αθηνά Οδυσσέας', ['αθηνα', 'ΟΔΥΣΣΕΑΣ']],
  ['Ёлкин Фёдор', ['елкин', 'федор ёлкин']],
  ['مُحمّد عليّ', ['محمد', 'علي محمد']],
  ['山田太郎', ['山田', '田太']],
  ['ﾔﾏﾀﾞ', ['ヤマダ']],
  ['प्रिया शर्मा', ['शर्मा', 'प्रि']],
  ['So\u00adphie O’Neil', ["sophie o'neil", 'neil']],
  ['100%_\\ Club', ['100%', '%_\\']],
])('contacts are found by their names however these are written: %s', async (name, queries) => {
  const { id } = await bench.call(createContact, { spaceId, name });
  const find = async (q: string) =>
    (await bench.call(listContacts, { spaceId, q })).data.map((one) => one.id);
  for (const q of queries) expect({ q, found: await find(q) }).toEqual({ q, found: [id] });
  expect(await find(`${queries[0]} nobody`)).toEqual([]);
  await bench.call(updateContact, { spaceId, contactId: id, name: null });
  expect(await find(queries[0] ?? '')).toEqual([]);
});
