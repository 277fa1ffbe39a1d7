import {
  addIdentity,
  createContact,
  deleteContact,
  type EventData,
  getContact,
  getConversation,
  listContacts,
  listMessages,
  messageReceived,
} from '@parley/contracts';
import { type ConversationBench, openBench, otherSpaceId, spaceId, text } from '../../test/bench.ts';
import { ADDRESSES_QUEUE } from '../migrations/0006-addresses.ts';

let bench: ConversationBench;
let no = 0;

beforeAll(async () => {
  bench = await openBench();
  bench.files.owned.set('chan_crm', { id: 'chan_crm' });
});
afterAll(() => bench.close());

type Received = EventData<typeof messageReceived>;

const received = (sender: string, change: Partial<Received> = {}): Received => {
  no += 1;
  return {
    ...{ channelId: 'chan_sms', deploymentType: 'SMS', target: null, targetName: null, metadata: {} },
    ...{ providerMessageId: `sms_${no}`, sender: { id: sender, name: null }, parts: text(`hello ${no}`) },
    receivedAt: new Date().toISOString(),
    ...change,
  };
};

const contactsOf = async (channelId: string, space = spaceId) => {
  const rows = await bench.in(
    (trx) =>
      trx
        .selectFrom('conversation')
        .select(['id', 'contact_id', 'sender_id'])
        .where('channel_id', '=', channelId)
        .execute(),
    space,
  );
  return rows;
};

test('one number is one contact, however it is written and whichever channel it uses', async () => {
  const identities = [
    { type: 'phone' as const, value: '+1 (212) 555-0142' },
    { type: 'phone' as const, value: 'tel:+12125550142' },
    { type: 'email' as const, value: 'Ada@Example.org' },
    { type: 'email' as const, value: 'ada@example.ORG' },
  ];
  const contact = await bench.call(createContact, { spaceId, name: 'Ada', identities });
  expect(contact.identities).toEqual([
    { type: 'email', value: 'ada@example.org', channelId: null, verified: true },
    { type: 'phone', value: '+12125550142', channelId: null, verified: true },
  ]);
  for (const value of ['+12125550142', 'tel:+1-212-555-0142']) {
    const again = bench.call(createContact, { spaceId, identities: [{ type: 'phone', value }] });
    await expect(again).rejects.toMatchObject({
      status: 409,
      code: 'identity_taken',
      message: expect.stringContaining(contact.id),
      errors: [{ pointer: '/identities/0', detail: `belongs to ${contact.id}` }],
    });
  }
  await bench.feed(messageReceived, [
    received('+12125550142', { channelId: 'chan_first' }),
    received('+1 212 555 0142', { channelId: 'chan_second' }),
    received('12125550142', { channelId: 'chan_wa', deploymentType: 'WHATSAPP' }),
  ]);
  for (const channelId of ['chan_first', 'chan_second', 'chan_wa'])
    expect(await contactsOf(channelId)).toMatchObject([{ contact_id: contact.id }]);
  const [conversation] = await contactsOf('chan_first');
  const place = { spaceId, conversationId: conversation?.id ?? '' };
  expect((await bench.call(listMessages, place)).data).toMatchObject([{ author: { name: 'Ada' } }]);
  for (const q of ['(212) 555-01', 'tel:+1-212-555-0142', '+12125550142', 'ADA@EXAMPLE', 'ada'])
    expect((await bench.call(listContacts, { spaceId, q })).data.map(({ id }) => id)).toEqual([contact.id]);
  expect((await bench.call(listContacts, { spaceId, q: '(212) 555-99' })).data).toEqual([]);
});

test('what is no number or address, and a channel of another space, is refused', async () => {
  const make = (identity: object) =>
    bench.call(createContact, { spaceId, identities: [identity as { type: 'phone'; value: string }] });
  const invalid = { status: 422, code: 'invalid_identity', errors: [{ pointer: '/identities/0/value' }] };
  for (const value of ['anonymous', '(212) 555-0142', '+266696687'])
    await expect(make({ type: 'phone', value })).rejects.toMatchObject(invalid);
  await expect(make({ type: 'email', value: 'nobody' })).rejects.toMatchObject(invalid);
  const unknown = make({ type: 'custom', value: 'u1', channelId: 'chan_none' });
  await expect(unknown).rejects.toMatchObject({
    status: 422,
    code: 'unknown_channel',
    errors: [{ pointer: '/identities/0/channelId' }],
  });
  const { id: contactId } = await bench.call(createContact, { spaceId });
  const added = { spaceId, type: 'custom' as const, value: 'u1', channelId: 'chan_none' };
  await expect(bench.call(addIdentity, { ...added, contactId })).rejects.toMatchObject({
    ...{ status: 422, errors: [{ pointer: '/channelId' }] },
  });
  // A contact that is not there is said first.
  await expect(bench.call(addIdentity, { ...added, contactId: 'cont_none' })).rejects.toMatchObject({
    status: 404,
  });
});

test('an id of a provider identifies in its channel alone', async () => {
  const given = { type: 'custom' as const, value: 'zoe\u0308', channelId: 'chan_crm' };
  const contact = await bench.call(createContact, { spaceId, name: 'Zoe', identities: [given] });
  const change = { deploymentType: 'CUSTOM' as const };
  await bench.feed(messageReceived, [
    received('zo\u00eb', { channelId: 'chan_crm', ...change }),
    received('zo\u00eb', { channelId: 'chan_erp', ...change }),
  ]);
  expect(await contactsOf('chan_crm')).toMatchObject([{ contact_id: contact.id }]);
  const [other] = await contactsOf('chan_erp');
  expect(other?.contact_id).not.toBe(contact.id);
});

test('many messages of new senders at once make one contact each, and say so', async () => {
  const batch = Array.from({ length: 6 }, (_, index) =>
    received(`+1212555017${index % 3}`, { channelId: `chan_many${index % 2}` }),
  );
  await Promise.all(batch.map((one) => bench.feed(messageReceived, [one])));
  const rows = [...(await contactsOf('chan_many0')), ...(await contactsOf('chan_many1'))];
  const ids = new Set(rows.map(({ contact_id: id }) => id));
  expect(ids.size).toBe(3);
  for (const id of ids)
    expect((await bench.events(id ?? '')).map(({ name }) => name)).toEqual(['conversation.contact_created']);
});

describe('identities from before there were addresses', () => {
  const old = async (contactId: string, type: 'phone' | 'email', value: string, channelId = '') =>
    bench.in(async (trx) => {
      await trx
        .insertInto('contact')
        .values({ space_id: spaceId, id: contactId, name: contactId })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await trx
        .insertInto('contact_identity')
        .values({ space_id: spaceId, channel_id: channelId, type, value, contact_id: contactId })
        .execute();
    });

  test('are found until they are normalised, then duplicates are one contact: the oldest', async () => {
    await old('cont_older', 'phone', '+49 170 1234500');
    await old('cont_newer', 'phone', '+491701234500', 'chan_old');
    await old('cont_newest', 'email', 'Old@Example.org');
    await old('cont_newest', 'phone', '+491701234500');
    await bench.feed(messageReceived, [received('+491701234500', { channelId: 'chan_old' })]);
    const [before] = await contactsOf('chan_old');
    expect(before?.contact_id).toBe('cont_newer');
    await bench.perform(ADDRESSES_QUEUE);
    await bench.perform(ADDRESSES_QUEUE);
    const contact = await bench.call(getContact, { spaceId, contactId: 'cont_older' });
    expect(contact.mergedInto).toBeNull();
    expect(contact.identities.map(({ type, value }) => `${type} ${value}`)).toEqual([
      'email old@example.org',
      'phone +491701234500',
    ]);
    for (const contactId of ['cont_newer', 'cont_newest'])
      expect(await bench.call(getContact, { spaceId, contactId })).toMatchObject({
        mergedInto: 'cont_older',
        identities: [],
      });
    expect(await bench.events('cont_newer')).toMatchObject([
      {
        name: 'conversation.contact_merged',
        data: { mergedInto: 'cont_older', contact: { id: 'cont_older' } },
      },
    ]);
    expect(await bench.events('cont_newest')).toMatchObject([{ name: 'conversation.contact_merged' }]);
    const place = { spaceId, conversationId: before?.id ?? '' };
    expect(await bench.call(getConversation, place)).toMatchObject({ contactId: 'cont_older' });
    expect((await bench.call(listMessages, place)).data).toMatchObject([
      { author: { contactId: 'cont_older' } },
    ]);
    await bench.call(deleteContact, { spaceId, contactId: 'cont_older' });
    const gone = bench.call(getContact, { spaceId, contactId: 'cont_newer' });
    await expect(gone).rejects.toMatchObject({ status: 404 });
    expect(JSON.stringify(await bench.events('cont_newest'))).not.toContain('old@example.org');
  });

  test('a number of another space is another contact', async () => {
    await bench.feed(messageReceived, [received('+12125550142', { channelId: 'chan_there' })], otherSpaceId);
    const [there] = await contactsOf('chan_there', otherSpaceId);
    const [here] = await contactsOf('chan_first');
    expect(there?.contact_id).not.toBe(here?.contact_id);
  });
});
