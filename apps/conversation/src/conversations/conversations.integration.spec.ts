import {
  addParticipant,
  createContact,
  createConversation,
  deleteConversation,
  deliveryUpdated,
  editMessage,
  findHiddenConversations,
  findVisibleConversations,
  getConversation,
  getMessage,
  handOff,
  listConversations,
  listEvents,
  listMessages,
  listParticipants,
  markRead,
  messageProduced,
  messageReceived,
  openForChannel,
  postMessage,
  postVisitorMessage,
  release,
  removeParticipant,
  searchMessages,
  takeOver,
  updateConversation,
  updateParticipant,
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

beforeAll(async () => {
  bench = await openBench();
  await bench.know(
    { id: 'acc_ada', name: 'Ada' },
    { id: 'acc_bea', name: 'Bea' },
    { id: 'agent_bot', name: 'Bot' },
    { id: 'agent_two', name: 'Second' },
  );
});
afterAll(() => bench.close());

const begin = (input: object = {}) => bench.call(createConversation, { spaceId, ...input });

test('filters narrow the list, page by page', async () => {
  const contact = await bench.call(createContact, { spaceId, name: 'Zoë Filter' });
  const labels = ['urgent', 'vip'];
  const made = [];
  for (let no = 0; no < 5; no += 1) {
    const { id: conversationId } = await begin({
      subject: `Invoice 100% no_${no}`,
      participants: [{ contactId: contact.id }],
    });
    await bench.call(updateConversation, { spaceId, conversationId, labels, assignee: 'acc_ada' });
    made.unshift(conversationId);
  }
  await bench.call(takeOver, { spaceId, conversationId: made[0] ?? '' });
  await bench.call(updateConversation, { spaceId, conversationId: made[1] ?? '', status: 'closed' });
  const find = async (filter: object) =>
    (await bench.call(listConversations, { spaceId, ...filter })).data.map(({ id }) => id);
  expect(await find({ label: 'vip' })).toEqual(made);
  expect(await find({ label: 'vi' })).toEqual([]);
  expect(await find({ q: 'invoice 100%' })).toEqual(made);
  expect(await find({ q: 'no_3' })).toEqual([made[1]]);
  expect(await find({ q: 'zoë' })).toEqual(made);
  expect(await find({ label: 'urgent', owner: 'human' })).toEqual([made[0]]);
  expect(await find({ label: 'urgent', status: 'closed' })).toEqual([made[1]]);
  expect(await find({ contactId: contact.id, assignee: 'acc_ada' })).toEqual(made);
  expect(await find({ contactId: contact.id, channelId: 'chan_none' })).toEqual([]);
  const pages = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: { id: string }[]; nextCursor: string | null } = await bench.call(listConversations, {
      ...{ spaceId, label: 'vip', limit: 2 },
      ...(cursor ? { cursor } : {}),
    });
    pages.push(page.data.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(pages).toEqual([made.slice(0, 2), made.slice(2, 4), made.slice(4)]);
});

test('the same agent, account or contact takes part once', async () => {
  const contact = await bench.call(createContact, { spaceId });
  const { id: conversationId } = await begin();
  for (const participant of [{ agentId: 'agent_bot' }, { accountId: 'acc_bea' }, { contactId: contact.id }]) {
    await bench.call(addParticipant, { spaceId, conversationId, ...participant });
    const again = bench.call(addParticipant, { spaceId, conversationId, ...participant });
    await expect(again).rejects.toMatchObject({ status: 409, code: 'already_takes_part' });
  }
  // Whoever began it takes part as well.
  expect((await bench.call(listParticipants, { spaceId, conversationId })).data).toHaveLength(4);
  const twice = begin({ participants: [{ agentId: 'agent_bot' }, { agentId: 'agent_bot' }] });
  await expect(twice).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/participants/1' }] });
  const unknown = begin({ participants: [{ agentId: 'agent_bot' }, { agentId: 'agent_none' }] });
  await expect(unknown).rejects.toMatchObject({
    status: 422,
    errors: [{ pointer: '/participants/1/agentId' }],
  });
});

test('what another service made a moment ago can be named at once', async () => {
  bench.files.owned.set('agent_fresh', { id: 'agent_fresh', accountId: 'acc_fresh', name: 'Fresh' });
  bench.files.owned.set('acc_robot', { accountId: 'acc_robot', name: 'Robot', type: 'service' });
  const participants = [{ agentId: 'agent_fresh' }, { accountId: 'acc_robot' }];
  const made = await begin({ participants });
  expect(made.owner).toBe('flow');
  const named = made.participants.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect(named).toMatchObject([
    { accountId: 'acc_ada', name: 'Ada', role: 'owner' },
    { agentId: 'agent_fresh', accountId: 'acc_fresh', name: 'Fresh', autoRespond: true },
    { accountId: 'acc_robot', name: 'Robot' },
  ]);
  const { id: conversationId } = await begin();
  await bench.call(addParticipant, { spaceId, conversationId, agentId: 'agent_fresh' });
  const assigned = await bench.call(updateConversation, { spaceId, conversationId, assignee: 'acc_robot' });
  expect(assigned.assignee).toBe('acc_robot');
});

test('the owner is a flow while an agent responds, and nobody when the last one has left', async () => {
  const {
    id: conversationId,
    participants,
    owner,
  } = await begin({ participants: [{ agentId: 'agent_bot' }] });
  expect(owner).toBe('flow');
  const second = await bench.call(addParticipant, { spaceId, conversationId, agentId: 'agent_two' });
  const leave = (participantId: string) =>
    bench.call(removeParticipant, { spaceId, conversationId, participantId });
  await leave(participants.find(({ agentId }) => agentId)?.id ?? '');
  expect((await bench.call(getConversation, { spaceId, conversationId })).owner).toBe('flow');
  await leave(second.id);
  expect((await bench.call(getConversation, { spaceId, conversationId })).owner).toBe('none');
  expect((await bench.call(release, { spaceId, conversationId })).owner).toBe('none');
  await expect(leave(second.id)).rejects.toMatchObject({ status: 404 });
  const names = (await bench.events(conversationId)).map(({ name }) => name.replace('conversation.', ''));
  expect(names).toEqual([
    'created',
    'participant_joined',
    'participant_left',
    'participant_left',
    'owner_changed',
  ]);
});

test('a participant changes its role, and an agent whether it answers by itself', async () => {
  const made = await begin({ participants: [{ agentId: 'agent_bot' }] });
  const conversationId = made.id;
  const bot = made.participants.find(({ agentId }) => agentId)?.id ?? '';
  const change = (participantId: string, to: object) =>
    bench.call(updateParticipant, { spaceId, conversationId, participantId, ...to });
  expect(await change(bot, { autoRespond: false })).toMatchObject({ autoRespond: false, role: 'member' });
  expect(await bench.call(getConversation, { spaceId, conversationId })).toMatchObject({ owner: 'none' });
  expect(await change(bot, { autoRespond: true, role: 'observer' })).toMatchObject({ role: 'observer' });
  expect(await bench.call(getConversation, { spaceId, conversationId })).toMatchObject({ owner: 'flow' });
  await bench.call(postMessage, { spaceId, conversationId, parts: text('hello') });
  const events = await bench.events(conversationId);
  expect(events.at(-1)?.data).toMatchObject({ agentIds: ['agent_bot'], wakes: true });
  expect(events.map(({ name }) => name)).toContain('conversation.participant_changed');
  const ada = made.participants.find(({ agentId }) => agentId === null)?.id ?? '';
  await expect(change(ada, { autoRespond: true })).rejects.toMatchObject({ status: 422 });
  await expect(change('part_none', { role: 'member' })).rejects.toMatchObject({ status: 404 });
});

test("a channel's agent that was removed answers no more", async () => {
  const channel = { channelId: 'chan_web', deploymentType: 'WEB', target: { agentId: 'agent_bot' } };
  const say = (words: string) =>
    bench.call(postVisitorMessage, { spaceId, channel, parts: text(words) }, visitor('gus'));
  const { conversationId } = await say('hello');
  const { data } = await bench.call(listParticipants, { spaceId, conversationId });
  const participantId = data.find(({ agentId }) => agentId === 'agent_bot')?.id ?? '';
  await bench.call(removeParticipant, { spaceId, conversationId, participantId });
  await say('anybody?');
  const last = (await bench.events(conversationId)).at(-1);
  expect(last?.data).toMatchObject({ owner: 'none', wakes: false, target: null });
});

test('a conversation is assigned to an account of the space alone', async () => {
  const { id: conversationId } = await begin();
  const assign = (assignee: string | null) =>
    bench.call(updateConversation, { spaceId, conversationId, assignee });
  await expect(assign('acc_none')).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/assignee' }] });
  expect((await assign('acc_ada')).assignee).toBe('acc_ada');
  expect((await assign(null)).assignee).toBeNull();
});

test('takeover, handoff and release move the owner', async () => {
  const { id: conversationId } = await begin({ participants: [{ agentId: 'agent_bot' }] });
  const place = { spaceId, conversationId };
  expect(await bench.call(takeOver, place)).toMatchObject({ owner: 'human', assignee: 'acc_ada' });
  expect(await bench.call(release, place)).toMatchObject({ owner: 'flow', assignee: null });
  expect(await bench.call(handOff, { ...place, reason: 'asked' })).toMatchObject({
    owner: 'human',
    assignee: null,
  });
});

test('a conversation is not there for another space', async () => {
  const { id: conversationId } = await begin();
  const stranger = member('acc_eve', 'Eve', otherSpaceId);
  const place = { spaceId: otherSpaceId, conversationId };
  const calls = [
    bench.call(updateConversation, { ...place, subject: 'x' }, stranger),
    bench.call(listParticipants, place, stranger),
    bench.call(addParticipant, { ...place, accountId: 'acc_ada' }, stranger),
    bench.call(removeParticipant, { ...place, participantId: 'part_x' }, stranger),
    bench.call(takeOver, place, stranger),
    bench.call(handOff, place, stranger),
    bench.call(release, place, stranger),
  ];
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
  expect((await bench.call(listConversations, { spaceId: otherSpaceId }, stranger)).data).toEqual([]);
});

describe('A deleted conversation', () => {
  const own = visitor('gone');
  const channel = { channelId: 'chan_web', deploymentType: 'WEB' as const, target: null };
  const say = (words: string, conversationId?: string) =>
    bench.call(
      postVisitorMessage,
      { spaceId, parts: text(words), channel, ...(conversationId ? { conversationId } : {}) },
      own,
    );
  const received = (providerMessageId: string, words: string) =>
    bench.feed(messageReceived, [
      {
        ...{ channelId: 'chan_sms', deploymentType: 'SMS', target: null, targetName: null, metadata: {} },
        ...{ providerMessageId, sender: { id: '+4915770000001', name: 'Gone' }, parts: text(words) },
        receivedAt: new Date().toISOString(),
      },
    ]);
  const ofSender = () =>
    bench.in((trx) =>
      trx.selectFrom('conversation').select('id').where('channel_id', '=', 'chan_sms').execute(),
    );

  it('is nowhere any more, and nothing that was said in it can be read', async () => {
    const first = await say('OBLITERATE one');
    const { conversationId, id: messageId } = first;
    const place = { spaceId, conversationId };
    const note = await bench.call(postMessage, { ...place, parts: text('OBLITERATE old'), internal: true });
    await bench.call(editMessage, { ...place, messageId: note.id, parts: text('OBLITERATE new') });
    await bench.call(markRead, { ...place, sequence: 2 });
    const last = (await bench.events(conversationId)).at(-1)?.sequence ?? 0;
    const before = await bench.in((trx) => trx.selectFrom('room').select('id').execute());
    expect(await bench.call(deleteConversation, place)).toEqual({});
    const calls = [
      bench.call(getConversation, place),
      bench.call(getConversation, place, own),
      bench.call(deleteConversation, place),
      bench.call(updateConversation, { ...place, status: 'open' }),
      bench.call(listMessages, place),
      bench.call(getMessage, { ...place, messageId }),
      bench.call(listEvents, place),
      bench.call(listParticipants, place),
      bench.call(markRead, { ...place, sequence: 1 }),
      bench.call(takeOver, place),
      bench.call(postMessage, { ...place, parts: text('more') }),
    ];
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ status: 404 })));
    const all = await bench.call(listConversations, { spaceId, limit: 200 });
    expect(all.data.map(({ id }) => id)).not.toContain(conversationId);
    expect((await bench.call(searchMessages, { spaceId, q: 'OBLITERATE' })).data).toEqual([]);
    const visible = { spaceId, principal: own, conversationId };
    expect(await bench.call(findVisibleConversations, visible)).toEqual({ conversationIds: [] });
    const hidden = await bench.call(findHiddenConversations, { spaceId, accountId: 'acc_ada' });
    expect(hidden.conversationIds).toContain(conversationId);
    expect(await bench.events(conversationId)).toEqual([
      { name: 'conversation.deleted', sequence: last + 1, data: { conversationId, sequence: last + 1 } },
    ]);
    const kept = await bench.in(async (trx) =>
      JSON.stringify([
        await trx.selectFrom('message').selectAll().execute(),
        await trx.selectFrom('message_version').selectAll().execute(),
        await trx.selectFrom('event').selectAll().execute(),
        await trx
          .selectFrom('read_marker')
          .selectAll()
          .where('conversation_id', '=', conversationId)
          .execute(),
        await trx.selectFrom('participant').selectAll().where('parent_id', '=', conversationId).execute(),
      ]),
    );
    expect(kept).not.toContain('OBLITERATE');
    const after = await bench.in((trx) => trx.selectFrom('room').select('id').execute());
    expect(after).toHaveLength(before.length - 1);
  });

  it('is followed by a new one, also where its visitor still names it', async () => {
    const { conversationId } = await say('first');
    await bench.call(deleteConversation, { spaceId, conversationId });
    const next = await say('second', conversationId);
    expect(next.conversationId).not.toBe(conversationId);
    expect(await say('third', conversationId)).toMatchObject({ conversationId: next.conversationId });
    await expect(say('x', 'conv_unknown')).rejects.toMatchObject({ status: 404 });
    await bench.call(deleteConversation, { spaceId, conversationId: next.conversationId });
    const opening = { ...channel, sender: { id: 'vis_gone', name: null }, contactId: null, targetName: null };
    await expect(bench.call(openForChannel, { spaceId, ...opening, conversationId })).rejects.toMatchObject({
      status: 409,
      code: 'conversation_deleted',
    });
  });

  it('takes no late answer or delivery, and its messages do not come again', async () => {
    await received('sms_a', 'Hello');
    const [{ id: conversationId } = { id: '' }] = await ofSender();
    const [said] = (await bench.call(listMessages, { spaceId, conversationId })).data;
    const messageId = said?.id ?? '';
    await bench.call(deleteConversation, { spaceId, conversationId });
    await bench.feed(messageProduced, [
      {
        ...{ runId: 'run_1', flowId: 'flow_1', agentId: null, conversationId, messageId: 'msg_late' },
        ...{ attempt: 1, parts: text('Late'), citations: [], replyTo: messageId },
        author: { agentId: null, accountId: null, name: 'Bot' },
      },
    ]);
    await bench.feed(deliveryUpdated, [
      {
        ...{ deliveryId: 'dlv_1', kind: 'message', channelId: 'chan_sms', conversationId, messageId },
        ...{ status: 'sent', reason: null, attempts: 1, providerMessageId: null },
      },
    ]);
    await received('sms_a', 'Hello');
    expect(await ofSender()).toEqual([]);
    await received('sms_b', 'Hello again');
    const [next] = await ofSender();
    expect(next?.id).not.toBe(conversationId);
    expect((await bench.call(listMessages, { spaceId, conversationId: next?.id ?? '' })).data).toHaveLength(
      1,
    );
    expect(await bench.events(conversationId)).toHaveLength(1);
  });

  it('is not deleted while a call goes on in it', async () => {
    const { conversationId } = await bench.call(openForChannel, {
      ...{ spaceId, channelId: 'chan_call', deploymentType: 'CALLS', callId: 'call_live' },
      ...{ sender: { id: '+4915770000002', name: null }, contactId: null, target: null, targetName: null },
    });
    const place = { spaceId, conversationId };
    const refused = { status: 409, code: 'call_live' };
    await expect(bench.call(deleteConversation, place)).rejects.toMatchObject(refused);
    await bench.in((trx) =>
      trx.updateTable('live_call').set({ ended_at: new Date() }).where('call_id', '=', 'call_live').execute(),
    );
    await bench.call(deleteConversation, place);
    await expect(bench.call(getConversation, place)).rejects.toMatchObject({ status: 404 });
  });

  it('leaves nothing behind, whatever comes in at the same time', async () => {
    const { id: conversationId } = await begin();
    const place = { spaceId, conversationId };
    const post = (no: number) => bench.call(postMessage, { ...place, parts: text(`At once ${no}`) });
    const [deleted, ...posted] = await Promise.allSettled([
      post(0).then(() => bench.call(deleteConversation, place)),
      ...Array.from({ length: 12 }, (_none, no) => post(no + 1)),
    ]);
    expect(deleted.status).toBe('fulfilled');
    for (const one of posted)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ status: 404 });
    const kept = await bench.in((trx) =>
      trx.selectFrom('message').select('id').where('conversation_id', '=', conversationId).execute(),
    );
    expect(kept).toEqual([]);
    expect((await bench.events(conversationId)).map(({ name }) => name)).toEqual(['conversation.deleted']);
  });

  it('is not there for another space', async () => {
    const { id: conversationId } = await begin();
    const stranger = member('acc_eve', 'Eve', otherSpaceId);
    const theirs = bench.call(deleteConversation, { spaceId: otherSpaceId, conversationId }, stranger);
    await expect(theirs).rejects.toMatchObject({ status: 404 });
    expect((await bench.call(getConversation, { spaceId, conversationId })).id).toBe(conversationId);
  });
});
