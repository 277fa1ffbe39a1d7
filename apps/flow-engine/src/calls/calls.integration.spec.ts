import {
  agentChanged,
  conversationCreated,
  createAgent,
  createFlow,
  deleteAgent,
  type EventData,
  getAgent,
  getCallProfile,
  type Graph,
  messageChanged,
  newId,
  publishFlow,
  spaceChanged,
  updateAgent,
  type VoiceSettings,
} from '@parley/contracts';
import { eventsOf } from '@parley/service/testing';
import { type OpenAiServer, startOpenAiServer } from '@parley/testing';
import { type BenchConversation, type FlowBench, openBench } from '../../test/bench.ts';

let bench: FlowBench;
let model: OpenAiServer;
let agentId: string;

const voice = { tts: 'embedded', voice: 'en-us', language: 'en-US', fallbacks: ['sherpa'] };
const menu = (agent: string): Graph => ({
  start: 'hello',
  steps: [
    { id: 'hello', type: 'say', settings: { text: 'Sales or support?' }, outcomes: { next: 'ask' } },
    { id: 'ask', type: 'listen', settings: {}, outcomes: { next: 'choose' } },
    {
      ...{ id: 'choose', type: 'match', outcomes: { sales: 'confirm', other: 'more' } },
      settings: { cases: [{ outcome: 'sales', words: ['sales', 'buy something'] }] },
    },
    {
      ...{ id: 'more', type: 'match', outcomes: { support: 'agent', other: 'ask' } },
      settings: { cases: [{ outcome: 'support', words: ['support', 'sales'] }] },
    },
    { id: 'confirm', type: 'listen', settings: { variable: 'sure' }, outcomes: { next: 'sure' } },
    {
      ...{ id: 'sure', type: 'match', outcomes: { yes: 'agent', other: 'confirm' } },
      settings: { variable: 'sure', costly: true, cases: [{ outcome: 'yes', words: ['yes'] }] },
    },
    { id: 'agent', type: 'agent', settings: { agentId: agent }, outcomes: {} },
  ],
});

beforeAll(async () => {
  model = await startOpenAiServer();
  bench = await openBench();
  const created = await bench.call(createAgent, {
    ...{ name: 'Ada', greeting: 'Hello, I am Ada.', voice, suggestedQuestions: ['When do you open?'] },
    ...{ model: { provider: 'openai-compatible', model: 'tiny', baseUrl: model.baseUrl }, modelApiKey: null },
  });
  agentId = created.id;
}, 60_000);

afterAll(async () => {
  await bench.close();
  await model.close();
});

beforeEach(() => {
  model.requests.length = 0;
  model.enqueueReplies({ kind: 'text', pieces: ['An ', 'answer.'] });
});

const profileOf = (
  target: { agentId: string } | { flowId: string } | null,
  conversationId: string | null = null,
) => bench.call(getCallProfile, { target, conversationId });

const nobody = {
  ...{ agentId: null, agentName: 'Assistant', greeting: null, voice: null },
  ...{ suggestedQuestions: [], opening: [], choices: [], costly: false },
};

async function flowOf(graph: Graph): Promise<string> {
  const { id: flowId } = await bench.call(createFlow, { name: 'Menu', draft: graph });
  await bench.call(publishFlow, { flowId });
  return flowId;
}

/** The fact that a message of a conversation was spoken as far as this. */
async function speak(
  conversation: BenchConversation,
  { messageId, generated, spoken }: { messageId: string; generated: string; spoken: string },
): Promise<void> {
  const { message, conversationId, sequence } = conversation.fact(generated);
  const at = new Date().toISOString();
  const interruptedAtMs = spoken === generated ? null : 500;
  const fact: EventData<typeof messageChanged> = {
    ...{ conversationId, sequence, change: 'speech' },
    message: {
      ...{ ...message, id: messageId, author: { type: 'agent', agentId, name: 'Ada' } },
      speech: { generated, spoken, interruptedAtMs, startedAt: at, endedAt: at },
    },
  };
  await bench.tell(messageChanged, fact);
}

/** What the last request told the model. */
const told = (): { role: string; content: unknown }[] => model.requests.at(-1)?.body.messages.slice(1) ?? [];

describe('get_call_profile', () => {
  test('an agent answers with its voice, its greeting and what may be asked', async () => {
    expect(await profileOf({ agentId })).toEqual({
      ...{ agentId, agentName: 'Ada', greeting: 'Hello, I am Ada.', voice },
      ...{ suggestedQuestions: ['When do you open?'], costly: false, opening: ['Hello, I am Ada.'] },
      choices: ['talk to a person', 'speak to a person'],
    });
  });

  test('choices follow the run: from where it would begin to where it waits', async () => {
    const target = { flowId: await flowOf(menu(agentId)) };
    const conversation = bench.converse({ target });
    const first = { choices: ['sales', 'buy something', 'support'], costly: false };
    expect(await profileOf(target)).toMatchObject({ agentId, agentName: 'Ada', voice, ...first });
    expect((await profileOf(target)).opening).toEqual(['Sales or support?']);
    expect(await profileOf(target, conversation.id)).toMatchObject(first);
    const { message } = await conversation.post('Hello?');
    await conversation.answerTo(message.id);
    expect(await profileOf(null, conversation.id)).toMatchObject({ agentId, opening: [], ...first });
    await conversation.post('I want to buy something');
    await bench.until(
      async () => (await profileOf(target, conversation.id)).costly,
      'The step that has to be certain',
    );
    expect(await profileOf(null, conversation.id)).toMatchObject({ choices: ['yes'], costly: true });
    await conversation.post('yes');
    await bench.until(
      async () => (await profileOf(target, conversation.id)).choices.includes('talk to a person'),
      'The agent',
    );
  });

  test('nobody answers for what is not there, or belongs to another space', async () => {
    expect(await profileOf(null)).toEqual(nobody);
    expect(await profileOf({ agentId: newId('agent') }, newId('conv'))).toEqual(nobody);
    expect(await profileOf({ flowId: newId('flow') })).toEqual(nobody);
    const conversation = bench.converse({ agentIds: [agentId] });
    await conversation.ask('Hello?');
    for (const target of [{ agentId }, null]) {
      const asked = { target, conversationId: conversation.id };
      expect(await bench.call(getCallProfile, asked, bench.otherSpaceId)).toEqual(nobody);
    }
  });
});

describe('voice of an agent', () => {
  test('what an agent leaves out its space decides', async () => {
    const { id } = await bench.call(createAgent, { name: 'Dee', voice: { voice: 'de', language: 'de' } });
    const settle = (spaceVoice: VoiceSettings | null) =>
      bench.tell(spaceChanged, { spaceId: bench.spaceId, name: 'Home', voice: spaceVoice });
    await settle({ stt: 'sherpa', voice: 'en-us', language: 'en-US' });
    await bench.until(async () => (await profileOf(null)).voice, 'The voice of the space');
    const inherited = { stt: 'sherpa', voice: 'de', language: 'de' };
    expect(await profileOf({ agentId: id })).toMatchObject({ voice: inherited });
    expect(
      (await bench.call(getCallProfile, { target: null, conversationId: null }, bench.otherSpaceId)).voice,
    ).toBeNull();
    await settle(null);
    await bench.until(async () => (await profileOf(null)).voice === null, 'No voice of the space');
    expect(await profileOf({ agentId: id })).toMatchObject({ voice: { voice: 'de', language: 'de' } });
  });

  test('it is kept, changed, taken away, and refused where it names nothing that can be', async () => {
    expect(await bench.call(getAgent, { agentId })).toMatchObject({ voice });
    const { id } = await bench.call(createAgent, { name: 'Bea' });
    expect(await bench.call(getAgent, { agentId: id })).toMatchObject({ voice: null });
    await bench.call(updateAgent, { agentId: id, voice: { language: 'de' } });
    expect(await bench.call(updateAgent, { agentId: id, name: 'Bee' })).toMatchObject({
      voice: { language: 'de' },
    });
    expect(await bench.call(updateAgent, { agentId: id, voice: null })).toMatchObject({ voice: null });
    expect(
      updateAgent.input.safeParse({ spaceId: 'space_a', agentId: id, voice: { tts: 'No!' } }).success,
    ).toBe(false);
  });

  test('the fact of an agent names the flow it runs', async () => {
    const flowId = await flowOf(menu(agentId));
    const { id } = await bench.call(createAgent, { name: 'Cy' });
    await bench.call(updateAgent, { agentId: id, defaultFlowId: flowId });
    await bench.call(deleteAgent, { agentId: id });
    const rows = await eventsOf(bench.database, bench.spaceId, id);
    const facts = (rows as { name: string; data: EventData<typeof agentChanged> }[]).map(({ data }) => data);
    expect(facts.map((one) => one.deleted)).toEqual([false, false, true]);
    expect(facts[0]?.defaultFlowId).toMatch(/^flow_/);
    expect(facts.slice(1).map((one) => one.defaultFlowId)).toEqual([flowId, flowId]);
  });
});

describe('the beginning of a call', () => {
  const textsOf = (produced: Awaited<ReturnType<BenchConversation['produced']>>): string[] =>
    produced.map(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')).join(''));
  /** A turn of the caller, which ended at a time and was transcribed later. */
  async function say(conversation: BenchConversation, words: string, endedAtMs: number): Promise<string> {
    const fact = conversation.fact(words);
    const endedAt = new Date(endedAtMs).toISOString();
    fact.message.speech = {
      ...{ generated: words, spoken: words, interruptedAtMs: null },
      ...{ startedAt: new Date(endedAtMs - 500).toISOString(), endedAt },
    };
    await bench.publish(fact);
    return fact.message.id;
  }

  test('an agent greets, then answers what is asked', async () => {
    const conversation = bench.converse({ agentIds: [agentId] });
    const calledAt = Date.now();
    await bench.tell(conversationCreated, conversation.begun());
    await bench.until(async () => (await conversation.produced())[0], 'The greeting');
    await conversation.answerTo(await say(conversation, 'When do you open?', calledAt));
    const produced = await conversation.produced();
    expect(textsOf(produced)).toEqual(['Hello, I am Ada.', 'An answer.']);
    expect(produced.map(({ greeting }) => greeting ?? false)).toEqual([true, false]);
  });

  test('what a caller says before the question is no answer to it, and each later turn is heard', async () => {
    const flowId = await flowOf({
      start: 'who',
      steps: [
        { id: 'who', type: 'say', settings: { text: 'Your name?' }, outcomes: { next: 'name' } },
        { id: 'name', type: 'listen', settings: { variable: 'name' }, outcomes: { next: 'hi' } },
        {
          id: 'hi',
          type: 'say',
          settings: { text: 'Hello {{ variables.name }}.' },
          outcomes: { next: 'agent' },
        },
        { id: 'agent', type: 'agent', settings: { agentId }, outcomes: {} },
      ],
    });
    const conversation = bench.converse({ target: { flowId } });
    const calledAt = Date.now();
    await bench.tell(conversationCreated, conversation.begun());
    await bench.until(async () => (await conversation.produced())[0], 'The question');
    await say(conversation, 'Hello?', calledAt);
    await conversation.answerTo(await say(conversation, 'Sam', Date.now()));
    await conversation.answerTo(await say(conversation, 'When do you open?', Date.now()));
    expect(textsOf(await conversation.produced())).toEqual(['Your name?', 'Hello Sam.', 'An answer.']);
    const known = told().map(({ content }) => content);
    expect(known.slice(-4)).toEqual(['Hello?', 'Sam', 'Hello Sam.', 'When do you open?']);
  });
});

describe('answers in a call', () => {
  test('tokens name the message they answer; what was said aloud is answered shortly', async () => {
    const conversation = bench.converse({ agentIds: [agentId] });
    const typed = await conversation.ask('When do you open?');
    expect(String(model.requests[0]?.body.messages[0]?.content)).not.toContain('short sentences');
    const fact = conversation.fact('And on Sunday?');
    const at = new Date().toISOString();
    const times = { interruptedAtMs: null, startedAt: at, endedAt: at };
    fact.message.speech = { generated: 'And on Sunday?', spoken: 'And on Sunday?', ...times };
    await bench.publish(fact);
    const spoken = await conversation.answerTo(fact.message.id);
    expect(String(model.requests[1]?.body.messages[0]?.content)).toContain('one to three short sentences');
    await bench.until(
      async () => conversation.streamed(spoken.messageId, 1) === 'An answer.',
      'The tokens of the second answer',
    );
    expect(new Set(conversation.deltas.map((one) => `${one.messageId} ${one.replyTo}`))).toEqual(
      new Set([typed, spoken].map((one) => `${one.messageId} ${one.replyTo}`)),
    );
  });

  test('only what was heard of an answer returns to the model, and of one heard in full all', async () => {
    model.enqueueReplies({ kind: 'text', pieces: ['We open at nine. We close at six.'] });
    const conversation = bench.converse({ agentIds: [agentId] });
    const first = await conversation.ask('When do you open?');
    await speak(conversation, {
      messageId: first.messageId,
      generated: 'We open at nine. We close at six.',
      spoken: 'We open at nine.',
    });
    const second = await conversation.ask('And on Sunday?');
    expect(told()).toEqual([
      { role: 'user', content: 'When do you open?' },
      { role: 'assistant', content: 'We open at nine.' },
      { role: 'user', content: 'And on Sunday?' },
    ]);
    await speak(conversation, { messageId: second.messageId, generated: 'We open.', spoken: 'We open.' });
    await conversation.ask('Thanks');
    expect(told()[3]).toEqual({ role: 'assistant', content: 'We open at nine. We close at six.' });
  });

  test('of messages that were deleted nothing returns to the model', async () => {
    model.enqueueReplies({ kind: 'text', pieces: ['Your secret is safe.'] });
    const conversation = bench.converse({ agentIds: [agentId] });
    const { message } = await conversation.post('I tell you a secret');
    const { messageId } = await conversation.answerTo(message.id);
    for (const id of [message.id, messageId]) {
      const { message: fact, conversationId, sequence } = conversation.fact('');
      const deleted = { ...fact, id, parts: [], speech: null };
      await bench.tell(messageChanged, { conversationId, sequence, message: deleted, change: 'deleted' });
    }
    await conversation.ask('What did I say?');
    expect(told()).toEqual([{ role: 'user', content: 'What did I say?' }]);
  });

  test('an answer that was spoken into while it was being written is known as it was heard, to the very next turn', async () => {
    const { promise: until, resolve: release } = Promise.withResolvers<void>();
    model.enqueueReplies(
      { kind: 'text', pieces: ['We open ', 'at nine.'], until },
      { kind: 'text', pieces: ['On Sunday we rest.'] },
    );
    const conversation = bench.converse({ agentIds: [agentId] });
    const { message } = await conversation.post('When do you open?');
    const messageId = await bench.until(async () => conversation.deltas[0]?.messageId, 'The first token');
    const next = conversation.fact('And on Sunday?', { heard: [{ messageId, spoken: 'We' }] });
    await bench.publish(next);
    release();
    await conversation.answerTo(message.id);
    await conversation.answerTo(next.message.id);
    expect(told()).toEqual([
      { role: 'user', content: 'When do you open?' },
      { role: 'assistant', content: 'We' },
      { role: 'user', content: 'And on Sunday?' },
    ]);
  });
});
