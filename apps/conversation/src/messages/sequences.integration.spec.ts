import {
  addParticipant,
  createContact,
  createConversation,
  type EventData,
  type EventEnvelope,
  listMessages,
  messageReceived,
  newId,
  postMessage,
  takeOver,
} from '@parley/contracts';
import type { KyselyPlugin } from 'kysely';
import { type ConversationBench, openBench, spaceId, text } from '../../test/bench.ts';
import type { ConversationTrx } from '../database.ts';
import { InboundService } from './inbound.service.ts';

type Received = EventData<typeof messageReceived>;
let bench: ConversationBench;

beforeAll(async () => {
  bench = await openBench();
  await bench.know(
    { id: 'acc_ada', name: 'Ada' },
    { id: 'agent_bot', name: 'Bot' },
    { id: 'agent_two', name: 'Two' },
  );
});
afterAll(() => bench.close());

const gapless = (count: number): number[] => Array.from({ length: count }, (_no, index) => index + 1);

/** Counts the statements of what runs in a transaction. */
function counting(trx: ConversationTrx, counted: { statements: number }): ConversationTrx {
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      counted.statements += 1;
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  return trx.withPlugin(plugin) as ConversationTrx;
}

function received(no: number, sender: string, words = `message ${no}`): Received {
  return {
    ...{
      channelId: 'chan_api',
      deploymentType: 'CUSTOM',
      target: { agentId: 'agent_bot' },
      targetName: 'Bot',
    },
    ...{
      providerMessageId: `m${no}`,
      sender: { id: sender, name: sender },
      parts: text(words),
      metadata: {},
    },
    receivedAt: new Date().toISOString(),
  };
}

const envelope = (data: Received): EventEnvelope<typeof messageReceived> => ({
  ...{
    id: newId('evt'),
    name: messageReceived.name,
    spaceId,
    key: messageReceived.key(data),
    sequence: null,
    data,
  },
  time: new Date().toISOString(),
});

const conversationOf = async (sender: string) => {
  const rows = await bench.in((trx) =>
    trx.selectFrom('conversation').select(['id', 'last_sequence']).where('sender_id', '=', sender).execute(),
  );
  return rows;
};

test('twenty who post at once give a conversation sequences without gap, and events in their order', async () => {
  const { id: conversationId } = await bench.call(createConversation, { spaceId });
  const posts = await Promise.all(
    Array.from({ length: 20 }, async (_poster, poster) => {
      const mine = [];
      for (let no = 0; no < 10; no += 1)
        mine.push(
          (await bench.call(postMessage, { spaceId, conversationId, parts: text(`${poster}/${no}`) }))
            .sequence,
        );
      return mine;
    }),
  );
  expect(posts.flat().sort((a, b) => a - b)).toEqual(gapless(201).slice(1));
  for (const mine of posts) expect(mine).toEqual([...mine].sort((a, b) => a - b));
  const events = await bench.events(conversationId);
  expect(events.map(({ sequence }) => sequence)).toEqual(gapless(201));
  const told = events.slice(1).map(({ data }) => data['message'] as { sequence: number; parts: unknown });
  const { data } = await bench.call(listMessages, { spaceId, conversationId, limit: 200 });
  expect(told.map(({ sequence, parts }) => ({ sequence, parts }))).toEqual(
    data.map(({ sequence, parts }) => ({ sequence, parts })),
  );
});

test('a message posted in one statement tells all that the long way tells', async () => {
  const contact = await bench.call(createContact, { spaceId, name: 'Cleo' });
  const participants = [{ contactId: contact.id }, { agentId: 'agent_bot' }];
  const { id: conversationId } = await bench.call(createConversation, { spaceId, participants });
  await bench.call(addParticipant, { spaceId, conversationId, agentId: 'agent_two' });
  // The first takes over (owner, then message), the second only posts.
  const first = await bench.call(postMessage, { spaceId, conversationId, parts: text('one') });
  const second = await bench.call(postMessage, {
    spaceId,
    conversationId,
    parts: text('two'),
    replyTo: first.id,
  });
  const [long, quick] = (await bench.events(conversationId)).filter(({ name }) =>
    name.endsWith('message_posted'),
  );
  const { message: told, ...rest } = quick?.data ?? {};
  expect(told).toEqual(second);
  expect(rest).toEqual({ ...long?.data, message: undefined, sequence: second.sequence });
  expect(rest).toMatchObject({
    owner: 'human',
    agentIds: ['agent_bot', 'agent_two'],
    wakes: false,
    contactId: contact.id,
  });
  const elsewhere = await bench.call(createConversation, { spaceId });
  const foreign = { spaceId, conversationId: elsewhere.id, parts: text('x'), replyTo: first.id };
  await expect(bench.call(postMessage, foreign)).rejects.toMatchObject({
    status: 422,
    code: 'unknown_message',
  });
});

test('a post wakes the flow of a conversation without contact, and a takeover silences it', async () => {
  const participants = [{ agentId: 'agent_bot' }];
  const { id: conversationId } = await bench.call(createConversation, { spaceId, participants });
  await bench.call(postMessage, { spaceId, conversationId, parts: text('hello') });
  await bench.call(postMessage, { spaceId, conversationId, parts: text('note'), internal: true });
  await bench.call(takeOver, { spaceId, conversationId });
  await bench.call(postMessage, { spaceId, conversationId, parts: text('mine') });
  const posted = (await bench.events(conversationId)).filter(({ name }) => name.endsWith('message_posted'));
  expect(posted.map(({ data }) => data['wakes'])).toEqual([true, false, false]);
  expect(posted[0]?.data).toMatchObject({
    agentIds: ['agent_bot'],
    target: null,
    origin: { channelId: null },
  });
});

test('a batch costs as few statements as one message, and gives each sender one conversation', async () => {
  const inbound = bench.get(InboundService);
  const count = async (events: Received[]) => {
    const counted = { statements: 0 };
    await bench.in((trx) => inbound.receive(counting(trx, counted), events.map(envelope)));
    return counted.statements;
  };
  const alone = await count([received(1, 'solo')]);
  const batch = Array.from({ length: 300 }, (_event, no) => received(1000 + no, `sender${no % 100}`));
  expect(await count(batch)).toBe(alone);
  expect(
    await count([received(2000, 'sender7'), received(2001, 'newcomer'), ...batch.slice(0, 50)]),
  ).toBeLessThanOrEqual(alone + 1);
  const [seventh, ...others] = await conversationOf('sender7');
  expect(others).toEqual([]);
  expect(seventh?.last_sequence).toBe(5);
  const events = await bench.events(seventh?.id ?? '');
  expect(events.map(({ sequence }) => sequence)).toEqual(gapless(5));
  expect(events[0]?.data).toMatchObject({ target: { agentId: 'agent_bot' }, agentIds: [], owner: 'flow' });
});

test('batches with the same new senders at once make one conversation of each', async () => {
  const batches = Array.from({ length: 4 }, (_batch, batch) =>
    Array.from({ length: 20 }, (_event, no) =>
      received(5000 + batch * 20 + no, `rival${(no * 7 + batch) % 20}`),
    ),
  );
  await Promise.all(batches.map((batch) => bench.feed(messageReceived, batch)));
  for (let no = 0; no < 20; no += 1) {
    const rows = await conversationOf(`rival${no}`);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.last_sequence).toBe(5);
    const events = await bench.events(rows[0]?.id ?? '');
    expect(events.map(({ sequence }) => sequence)).toEqual(gapless(5));
  }
});
