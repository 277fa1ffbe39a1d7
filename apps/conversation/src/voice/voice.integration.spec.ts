import {
  callEnded,
  deleteMessage,
  type EventData,
  getConversation,
  getMessage,
  listMessages,
  messageProduced,
  newId,
  openForChannel,
  listEvents,
  postMessage,
  postVisitorMessage,
  recordingDeleted,
  servicePrincipal,
  speechFinished,
  takeOver,
  turnTranscribed,
  updateConversation,
} from '@parley/contracts';
import {
  admin,
  type ConversationBench,
  openBench,
  otherSpaceId,
  spaceId,
  text,
  visitor,
} from '../../test/bench.ts';
import { VoiceConsumer } from './voice.consumer.ts';

type Transcribed = EventData<typeof turnTranscribed>;
type Finished = EventData<typeof speechFinished>;
const target = { agentId: 'agent_bot' };
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds)).toISOString();
let bench: ConversationBench;
let senders = 0;

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'agent_bot', name: 'Bot' });
});
afterAll(() => bench.close());

/** A conversation of a new caller. */
async function connect(space = spaceId): Promise<string> {
  senders += 1;
  const { conversationId } = await bench.call(
    openForChannel,
    {
      ...{ spaceId: space, channelId: 'chan_web', deploymentType: 'WEB', target, targetName: 'Bot' },
      ...{ sender: { id: `vis_${senders}`, name: null }, contactId: `cont_${senders}` },
    },
    servicePrincipal('telephony', space),
  );
  return conversationId;
}

function turn(conversationId: string, words: string, change: Partial<Transcribed> = {}): Transcribed {
  return {
    ...{ conversationId, callId: 'call_one', messageId: newId('msg'), text: words, typed: false },
    ...{
      confidence: 0.9,
      startOfSpeechAt: at(1),
      endOfSpeechAt: at(3),
      endOfTurnAt: at(4),
      transcribedAt: at(4),
    },
    ...change,
  };
}

function produced(
  conversationId: string,
  words: string,
  replyTo: string | null,
): EventData<typeof messageProduced> {
  return {
    ...{ runId: 'run_one', flowId: 'flow_one', agentId: 'agent_bot', conversationId, attempt: 1 },
    ...{ messageId: newId('msg'), parts: text(words), citations: [], replyTo },
    author: { agentId: 'agent_bot', accountId: 'acc_agent', name: 'Bot' },
  };
}

function spoken(of: { conversationId: string; messageId: string }, change: Partial<Finished> = {}): Finished {
  const { conversationId, messageId } = of;
  return {
    ...{ conversationId, messageId, callId: 'call_one', replyTo: null, attempt: 1 },
    ...{ generated: 'We open at nine.', spoken: 'We open', interruptedAtMs: 400 },
    ...{ firstTokenAt: at(5), firstAudioAt: at(6), startedAt: at(6), endedAt: at(7) },
    ...change,
  };
}

const messagesOf = async (conversationId: string) =>
  (await bench.call(listMessages, { spaceId, conversationId })).data;

/** Sequences are gapless and in order, whatever came. */
async function namesOf(conversationId: string): Promise<string[]> {
  const events = await bench.events(conversationId);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
  return events.map(({ name }) => name.replace('conversation.', ''));
}

test('what a caller said is a message of its contact, with its times, and wakes the flow', async () => {
  const conversationId = await connect();
  const said = turn(conversationId, 'When do you open?', { language: 'de-AT' });
  await bench.feed(turnTranscribed, [said]);
  const [message] = await messagesOf(conversationId);
  expect(message).toMatchObject({
    id: said.messageId,
    sequence: 2,
    author: { type: 'contact', contactId: `cont_${senders}`, name: 'Visitor' },
    parts: text('When do you open?'),
    internal: false,
    speech: {
      generated: said.text,
      spoken: said.text,
      interruptedAtMs: null,
      startedAt: at(1),
      endedAt: at(3),
    },
    metadata: { voice: { callId: 'call_one', typed: false, confidence: 0.9 } },
  });
  expect(Object.keys(message?.speech ?? {})).toHaveLength(5);
  const posted = (await bench.events(conversationId)).at(-1);
  expect(posted).toMatchObject({
    name: 'conversation.message_posted',
    data: { wakes: true, owner: 'flow', message, language: 'de-AT' },
  });
});

test('what was typed while talking was not spoken, and needs no call', async () => {
  const conversationId = await connect();
  await bench.feed(turnTranscribed, [
    turn(conversationId, 'typed', { typed: true, callId: null, confidence: null }),
  ]);
  expect(await messagesOf(conversationId)).toMatchObject([
    { speech: null, metadata: { voice: { callId: null, typed: true, confidence: null } } },
  ]);
});

test('two calls at once in one conversation, repeats, and a kill before the commit: each turn once, in order', async () => {
  const conversationId = await connect();
  const turns = Array.from({ length: 6 }, (_turn, no) =>
    turn(conversationId, `turn ${no}`, { callId: `call_${no % 2}` }),
  );
  const killed = bench.in(async (trx) => {
    const events = turns.slice(0, 4).map((data) => ({ spaceId, data }));
    await bench.get(VoiceConsumer).onTurnTranscribed(events as never, { trx } as never);
    throw new Error('killed');
  });
  await expect(killed).rejects.toThrow('killed');
  expect(await messagesOf(conversationId)).toEqual([]);
  await bench.feed(turnTranscribed, turns.slice(0, 4));
  await bench.feed(turnTranscribed, turns.slice(2));
  await bench.feed(turnTranscribed, [...turns, ...turns]);
  expect((await messagesOf(conversationId)).map(({ id }) => id)).toEqual(
    turns.map(({ messageId }) => messageId),
  );
  await namesOf(conversationId);
});

test('a turn opens a paused conversation, does not wake the flow of a person, and is a note in a closed one', async () => {
  const conversationId = await connect();
  await bench.call(updateConversation, { spaceId, conversationId, status: 'paused' });
  await bench.feed(turnTranscribed, [turn(conversationId, 'back')]);
  expect(await bench.call(getConversation, { spaceId, conversationId })).toMatchObject({ status: 'open' });
  await bench.call(takeOver, { spaceId, conversationId });
  await bench.feed(turnTranscribed, [turn(conversationId, 'to a person')]);
  await bench.call(updateConversation, { spaceId, conversationId, status: 'closed' });
  await bench.feed(turnTranscribed, [turn(conversationId, 'too late')]);
  const posted = (await bench.events(conversationId)).filter(({ name }) => name.endsWith('message_posted'));
  expect(posted.map(({ data }) => data['wakes'])).toEqual([true, false, false]);
  const [, , late] = await messagesOf(conversationId);
  expect(late).toMatchObject({ internal: true, metadata: { withheld: 'conversation_closed' } });
  expect(await bench.call(getConversation, { spaceId, conversationId })).toMatchObject({ status: 'closed' });
});

test('turns of no conversation, or of another space, are left out; the others of the batch are not', async () => {
  const conversationId = await connect();
  const foreign = await connect(otherSpaceId);
  const mine = turn(conversationId, 'mine');
  await bench.feed(turnTranscribed, [turn('conv_none', 'lost'), turn(foreign, 'foreign'), mine]);
  expect((await messagesOf(conversationId)).map(({ id }) => id)).toEqual([mine.messageId]);
  const both = bench.database.withSpaces([spaceId, otherSpaceId], (trx) =>
    bench
      .get(VoiceConsumer)
      .onTurnTranscribed([{ spaceId, data: turn(foreign, 'foreign') }] as never, { trx } as never),
  );
  await both;
  expect(await bench.events(conversationId)).toHaveLength(2);
  const rows = await bench.in(
    (trx) => trx.selectFrom('message').select('id').where('conversation_id', '=', foreign).execute(),
    otherSpaceId,
  );
  expect(rows).toEqual([]);
});

test('what was heard of an answer is on its message, once, with the next sequence', async () => {
  const conversationId = await connect();
  const answer = produced(conversationId, 'We open at nine.', null);
  await bench.feed(messageProduced, [answer]);
  await bench.feed(speechFinished, [spoken(answer)]);
  await bench.feed(speechFinished, [spoken(answer), spoken(answer)]);
  const place = { spaceId, conversationId, messageId: answer.messageId };
  const message = await bench.call(getMessage, place);
  expect(message.speech).toEqual({
    ...{ generated: 'We open at nine.', spoken: 'We open', interruptedAtMs: 400 },
    ...{ startedAt: at(6), endedAt: at(7) },
  });
  expect(await namesOf(conversationId)).toEqual(['created', 'message_posted', 'message_changed']);
  const told = (await bench.events(conversationId)).at(-1)?.data;
  expect(told).toMatchObject({ sequence: 3, change: 'speech', message: { ...message, sequence: 2 } });
});

test('a later attempt, or what ended later, replaces what was known; never the other way round', async () => {
  const conversationId = await connect();
  const answer = produced(conversationId, 'We open at nine.', null);
  await bench.feed(messageProduced, [answer]);
  const last = spoken(answer, {
    attempt: 2,
    spoken: 'We open at nine.',
    interruptedAtMs: null,
    endedAt: at(12),
  });
  await bench.feed(speechFinished, [last]);
  await bench.feed(speechFinished, [
    spoken(answer, { endedAt: at(30) }),
    spoken(answer, { attempt: 2, endedAt: at(11) }),
  ]);
  const [message] = await messagesOf(conversationId);
  expect(message?.speech).toMatchObject({ spoken: 'We open at nine.', endedAt: at(12) });
  expect(await namesOf(conversationId)).toEqual(['created', 'message_posted', 'message_changed']);
});

test('what was heard before its message is stored waits for it, and the next turn tells of it', async () => {
  const conversationId = await connect();
  const answer = produced(conversationId, 'We open at nine.', null);
  await bench.feed(speechFinished, [spoken(answer, { spoken: 'We' })]);
  await bench.feed(speechFinished, [spoken(answer, { endedAt: at(8) }), spoken(answer, { spoken: 'We' })]);
  await bench.feed(turnTranscribed, [turn(conversationId, 'and on Sunday?')]);
  const asked = (await bench.events(conversationId)).at(-1)?.data;
  expect(asked?.['heard']).toEqual([{ messageId: answer.messageId, spoken: 'We open' }]);
  await bench.feed(messageProduced, [answer, answer]);
  const message = await bench.call(getMessage, { spaceId, conversationId, messageId: answer.messageId });
  expect(message.speech).toMatchObject({ spoken: 'We open', endedAt: at(8) });
  expect(await namesOf(conversationId)).toEqual([
    'created',
    'message_posted',
    'message_posted',
    'message_changed',
  ]);
  expect((await bench.events(conversationId)).at(-1)?.data).toMatchObject({ change: 'speech', message });
  await bench.feed(speechFinished, [spoken(answer), spoken(answer, { endedAt: at(8) })]);
  await bench.feed(turnTranscribed, [turn(conversationId, 'thanks')]);
  const events = await bench.events(conversationId);
  expect(events.at(-1)).toMatchObject({ name: 'conversation.message_posted' });
  expect(events.at(-1)?.data).not.toHaveProperty('heard');
  expect(events).toHaveLength(5);
});

test('speech changes neither what a contact wrote, nor deleted messages, nor those of other conversations or spaces', async () => {
  const conversationId = await connect();
  const said = turn(conversationId, 'hello');
  await bench.feed(turnTranscribed, [said]);
  const [kept, deleted] = [produced(conversationId, 'kept', null), produced(conversationId, 'deleted', null)];
  await bench.feed(messageProduced, [kept, deleted]);
  await bench.feed(speechFinished, [spoken(deleted)]);
  const gone = { spaceId, conversationId, messageId: deleted.messageId };
  expect((await bench.call(deleteMessage, gone, admin)).speech).toBeNull();
  const before = (await bench.events(conversationId)).length;
  const elsewhere = await connect();
  await bench.feed(speechFinished, [
    spoken(said, { endedAt: at(50) }),
    spoken(deleted, { endedAt: at(50) }),
    spoken({ conversationId: elsewhere, messageId: kept.messageId }),
    spoken({ conversationId: 'conv_none', messageId: kept.messageId }),
  ]);
  await bench.feed(speechFinished, [spoken(kept)], otherSpaceId);
  expect(await bench.events(conversationId)).toHaveLength(before);
  expect((await messagesOf(conversationId)).map(({ speech }) => speech?.spoken ?? null)).toEqual([
    'hello',
    null,
    null,
  ]);
});

test.each([
  ['close', 'closed'],
  ['pause', 'paused'],
  ['keep', 'open'],
] as const)('after a call that shall %s, the conversation is %s', async (afterCall, status) => {
  const conversationId = await connect();
  const ended: EventData<typeof callEnded> = {
    ...{
      callId: newId('call'),
      channelId: 'chan_web',
      conversationId,
      direction: 'inbound',
      cause: 'caller_left',
    },
    ...{ afterCall, startedAt: at(0), answeredAt: at(1), endedAt: at(20) },
  };
  await bench.feed(callEnded, [
    ended,
    { ...ended, conversationId: null },
    { ...ended, conversationId: 'conv_none' },
  ]);
  await bench.feed(callEnded, [ended], otherSpaceId);
  expect(await bench.call(getConversation, { spaceId, conversationId })).toMatchObject({ status });
  await bench.feed(callEnded, [{ ...ended, afterCall: 'pause' }]);
  const later = await bench.call(getConversation, { spaceId, conversationId });
  expect(later.status).toBe(status === 'closed' ? 'closed' : 'paused');
  if (status !== 'closed') return;
  const who = visitor(String(senders));
  const channel = { channelId: 'chan_web', deploymentType: 'WEB', target, agentName: 'Bot' };
  const next = await bench.call(postVisitorMessage, { spaceId, channel, parts: text('again') }, who);
  expect(next.conversationId).not.toBe(conversationId);
});

test('a recording whose time is over takes what was said in its call with it, and nothing else', async () => {
  const conversationId = await connect();
  const callId = newId('call');
  const said = turn(conversationId, 'my secret question', { callId });
  await bench.feed(turnTranscribed, [said]);
  const answer = produced(conversationId, 'the secret answer', said.messageId);
  const greeting = produced(conversationId, 'a secret greeting', null);
  await bench.feed(messageProduced, [answer, greeting]);
  await bench.feed(speechFinished, [
    spoken(greeting, { callId, generated: 'a secret greeting', spoken: 'a secret' }),
  ]);
  const other = turn(conversationId, 'another call', { callId: 'call_other' });
  await bench.feed(turnTranscribed, [other]);
  const written = await bench.call(postMessage, { spaceId, conversationId, parts: text('in writing') });
  const gone = (reason: 'request' | 'retention') => ({
    ...{ callId, channelId: 'chan_web', conversationId, direction: 'inbound' as const },
    ...{ assetId: newId('asset'), reason, deletedAt: at(9) },
  });
  const kept = async () =>
    JSON.stringify([
      await bench.call(listMessages, { spaceId, conversationId }),
      await bench.call(listEvents, { spaceId, conversationId, afterSequence: 0 }),
      await bench.in((trx) => trx.selectFrom('message_version').selectAll().execute()),
    ]);
  await bench.feed(recordingDeleted, [gone('request')]);
  expect(await kept()).toContain('my secret question');
  await bench.feed(recordingDeleted, [gone('retention'), gone('retention')]);
  expect(await kept()).not.toContain('secret');
  const { data } = await bench.call(listMessages, { spaceId, conversationId });
  expect(data.filter(({ parts }) => parts.length > 0).map(({ id }) => id)).toEqual([
    other.messageId,
    written.id,
  ]);
  const changes = (await bench.events(conversationId)).filter(
    ({ name, data: of }) => name === 'conversation.message_changed' && of['change'] === 'deleted',
  );
  expect(changes).toHaveLength(3);
});
