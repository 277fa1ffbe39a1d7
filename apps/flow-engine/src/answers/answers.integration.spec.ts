import { createAgent, getAgent, listAgents, updateAgent } from '@parley/contracts';
import {
  OPENAI_DONE,
  openAiChunk,
  type OpenAiReply,
  type OpenAiServer,
  startOpenAiServer,
} from '@parley/testing';
import { type BenchConversation, type FlowBench, openBench } from '../../test/bench.ts';

const API_KEY = 'sk-canary-4711';
const PASSAGE = 'Hold the rear button for ten seconds to reset the hub.';
let bench: FlowBench;
let model: OpenAiServer;
let agentId: string;
let conversation: BenchConversation;

const modelAt = (baseUrl: string, timeoutMs?: number) => ({
  provider: 'openai-compatible' as const,
  model: 'tiny',
  baseUrl,
  options: timeoutMs === undefined ? {} : { timeoutMs },
});

beforeAll(async () => {
  model = await startOpenAiServer({ apiKey: API_KEY });
  bench = await openBench();
  const knowledgeBaseId = await bench.knowledge([
    { title: 'Reset', text: `# Reset\n\n${PASSAGE} The light turns white.` },
    { title: 'Guests', text: '# Guests\n\nGuests join the guest network with a code.' },
  ]);
  const agent = await bench.call(createAgent, {
    name: 'Ada',
    instructions: 'Speak like a pirate.',
    model: modelAt(model.baseUrl, 500),
    modelApiKey: API_KEY,
    knowledgeBaseIds: [knowledgeBaseId],
  });
  agentId = agent.id;
}, 60_000);

afterAll(async () => {
  await bench.close();
  await model.close();
});

beforeEach(() => {
  model.requests.length = 0;
  conversation = bench.converse({ agentIds: [agentId] });
});

const textOf = (message: { parts: readonly object[] }): string =>
  message.parts.map((part) => ('text' in part ? String(part.text) : '')).join('');

test('tokens are seen live without gap, then the whole as a message under the same id, with what it cites', async () => {
  const pieces = ['Arr, hold ', 'the rear button', ' 👍 for ten', ' seconds [1].', ' See [9].'];
  model.enqueueReplies({ kind: 'text', pieces });
  const answer = await conversation.ask('How do I reset the hub?');
  expect(textOf(answer)).toBe(pieces.join(''));
  expect(answer.attempt).toBe(1);
  await bench.until(
    async () => conversation.streamed(answer.messageId, 1).length === pieces.join('').length,
    'The last token',
  );
  expect(conversation.streamed(answer.messageId, 1)).toBe(pieces.join(''));
  expect(conversation.deltas.length).toBeGreaterThan(2);
  expect(answer.citations).toHaveLength(1);
  expect(answer.citations[0]).toMatchObject({ title: 'Reset', quote: PASSAGE });
  const [request] = model.requests;
  expect(request?.body).toMatchObject({ model: 'tiny', stream: true });
  expect(request?.body.messages[0]?.content).toContain('Speak like a pirate.');
  expect(request?.body.messages[0]?.content).toContain(PASSAGE);
});

test('earlier turns are in the request, and a follow-up with a pronoun finds its passage', async () => {
  model.enqueueReplies({ kind: 'text', pieces: ['With the rear button.'] });
  await conversation.ask('How do I reset the hub?');
  await conversation.ask('And what colour is it then?');
  const messages = model.requests[1]?.body.messages ?? [];
  expect(messages.slice(1)).toEqual([
    { role: 'user', content: 'How do I reset the hub?' },
    { role: 'assistant', content: 'With the rear button.' },
    { role: 'user', content: 'And what colour is it then?' },
  ]);
  expect(messages[0]?.content).toContain('The light turns white.');
});

test.each([
  ['a cut stream', { kind: 'cut', pieces: ['Half an ', 'answer'] }],
  ['a stream without an end', { kind: 'unfinished', pieces: ['Half an ', 'answer'] }],
  ['a malformed chunk', { kind: 'malformed', pieces: ['Half an ', 'answer'] }],
  ['silence', { kind: 'silence' }],
  ['a server error', { kind: 'error', status: 500 }],
  ['too many requests', { kind: 'error', status: 429, retryAfter: '1' }],
  ['an empty answer', { kind: 'text', pieces: [] }],
] as const)('%s is tried again under a higher attempt, and never posted', async (_name, failure) => {
  const broken = 'pieces' in failure ? { ...failure, pieces: [...failure.pieces] } : failure;
  model.enqueueReplies(broken, { kind: 'text', pieces: ['The whole', ' answer.'] });
  const started = Date.now();
  const answer = await conversation.ask('How do I reset the hub?');
  expect(textOf(answer)).toBe('The whole answer.');
  expect(answer.attempt).toBe(2);
  expect(Date.now() - started).toBeGreaterThanOrEqual(
    failure.kind === 'error' && failure.status === 429 ? 1000 : 0,
  );
  expect(model.requests).toHaveLength(2);
  await bench.until(
    async () => conversation.streamed(answer.messageId, 2) === 'The whole answer.',
    'The tokens of the second attempt',
  );
  expect(await conversation.produced()).toHaveLength(1);
});

const reply = (...events: (string | Buffer)[]): OpenAiReply => ({ kind: 'events', events });
const text = (content: string, finish: string | null = null): string => openAiChunk({ content }, finish);
const stop = openAiChunk({}, 'stop');
/** A stream in pieces of a few bytes: lines and characters are cut. */
function bytesOf(events: string): Buffer[] {
  const bytes = Buffer.from(events);
  return Array.from({ length: Math.ceil(bytes.length / 23) }, (_, index) =>
    bytes.subarray(index * 23, (index + 1) * 23),
  );
}

test.each<[name: string, reply: OpenAiReply, answer: string]>([
  [
    'in tags',
    { kind: 'text', pieces: ['<th', 'ink>The user ', 'asks.</thi', 'nk>\n\nHold ', 'it.'] },
    'Hold it.',
  ],
  [
    'without an opening tag',
    { kind: 'text', pieces: ['The user asks.', '\n</think>', '\n\nHold it.'] },
    'Hold it.',
  ],
  [
    'in fields of its own',
    reply(
      openAiChunk({ reasoning_content: 'The user asks.' }),
      openAiChunk({ content: null, reasoning: 'Hm.' }),
      openAiChunk({ reasoning_details: [{ text: 'Hm.' }], content: 'Hold it.' }),
      stop,
      OPENAI_DONE,
    ),
    'Hold it.',
  ],
  [
    'in channels',
    {
      kind: 'text',
      pieces: [
        '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant',
        '<|channel|>final<|message|>Hold it.',
      ],
    },
    'Hold it.',
  ],
])('reasoning %s is neither posted, streamed nor told to the model later', async (_name, first, answer) => {
  model.enqueueReplies(first, { kind: 'text', pieces: ['White.'] });
  const { messageId, ...posted } = await conversation.ask('How do I reset the hub?');
  expect(textOf(posted)).toBe(answer);
  expect(conversation.deltas.map((one) => one.text).join('')).toBe(answer);
  await conversation.ask('And what colour is it then?');
  expect(model.requests[1]?.body.messages[2]).toEqual({ role: 'assistant', content: answer });
  expect(messageId).toBe(conversation.deltas[0]?.messageId);
});

test('tags within code are text', async () => {
  const pieces = ['Write `<think>`:\n\n', '```\n</think>\n``', '`\nDone.'];
  model.enqueueReplies({ kind: 'text', pieces });
  expect(textOf(await conversation.ask('How do I reset the hub?'))).toBe(pieces.join(''));
});

test('of a model that once left out the opening tag, nothing is streamed before its reasoning has ended', async () => {
  const slow = { ...modelAt(model.baseUrl, 2000), model: 'mute' };
  const { id } = await bench.call(createAgent, { name: 'Mute', model: slow, modelApiKey: API_KEY });
  const { promise: until, resolve: release } = Promise.withResolvers<void>();
  const mute = bench.converse({ agentIds: [id] });
  model.enqueueReplies(
    { kind: 'text', pieces: ['Hm.', '</think>', 'One.'] },
    { kind: 'text', pieces: ['Hm. ', '</think>', 'Two.'], until },
  );
  await mute.ask('What colour?');
  const { message } = await mute.post('And then?');
  // Longer than the first pieces of a model wait that is not known.
  setTimeout(release, 500);
  const second = await mute.answerTo(message.id);
  expect(mute.streamed(second.messageId, 1)).toBe('Two.');
});

test.each<[name: string, reply: OpenAiReply, answer: string]>([
  ['whose end has no finish reason', reply(text('Hold '), text('it.'), OPENAI_DONE), 'Hold it.'],
  [
    'whose last text carries the finish reason',
    reply(text('Hold '), text('it.', 'stop'), OPENAI_DONE),
    'Hold it.',
  ],
  ['that ends without [DONE]', reply(text('Hold it.'), stop), 'Hold it.'],
  [
    'with a finish reason of its own',
    reply(text('Hold it.'), openAiChunk({}, 'eos'), OPENAI_DONE),
    'Hold it.',
  ],
  [
    'with comments, empty deltas and usage',
    reply(
      ': keep-alive\n\n',
      openAiChunk({ role: 'assistant', content: null }),
      ': waiting\n\n',
      openAiChunk({ content: '' }),
      text('Hold it.'),
      openAiChunk(null, 'stop'),
      openAiChunk({}, null, {
        choices: [],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      }),
      OPENAI_DONE,
    ),
    'Hold it.',
  ],
  [
    'with lines that end in CRLF',
    reply(
      openAiChunk({ content: 'Hold ' }, null, { newline: '\r\n' }),
      openAiChunk({ content: 'it.' }, null, { newline: '\r\n' }),
      'data: [DONE]\r\n\r\n',
    ),
    'Hold it.',
  ],
  [
    'in chunks that are cut anywhere',
    reply(...bytesOf(text('Hold 👍 ') + text('it.') + stop + OPENAI_DONE)),
    'Hold 👍 it.',
  ],
  ['in one huge piece', reply(text('a'.repeat(30_000), 'stop'), OPENAI_DONE), 'a'.repeat(30_000)],
])('an answer %s is posted whole at once', async (_name, given, answer) => {
  model.enqueueReplies(given);
  const posted = await conversation.ask('How do I reset the hub?');
  expect(textOf(posted)).toBe(answer);
  expect(posted.attempt).toBe(1);
  expect(model.requests).toHaveLength(1);
});

test.each<[name: string, reply: OpenAiReply]>([
  ['an error in the stream', reply(text('Half'), 'data: {"error":{"message":"Overloaded","code":529}}\n\n')],
  ['reasoning alone', { kind: 'text', pieces: ['<think>Hm.', '</think>'] }],
  ['a reasoning field alone', reply(openAiChunk({ reasoning_content: 'Hm.' }), stop, OPENAI_DONE)],
  ['the content filter', { kind: 'text', pieces: ['Half an'], finish: 'content_filter' }],
  ['a refusal', reply(openAiChunk({ refusal: 'No.' }), stop, OPENAI_DONE)],
  [
    'a tool that it was not given',
    reply(
      text('Let me look.'),
      openAiChunk({
        tool_calls: [{ index: 0, id: 'call_1', function: { name: 'search', arguments: '{}' } }],
      }),
      openAiChunk({}, 'tool_calls'),
      OPENAI_DONE,
    ),
  ],
])('%s is no answer: the model is asked again', async (_name, broken) => {
  model.enqueueReplies(broken, { kind: 'text', pieces: ['The whole', ' answer.'] });
  const answer = await conversation.ask('How do I reset the hub?');
  expect(textOf(answer)).toBe('The whole answer.');
  expect(answer.attempt).toBe(2);
  expect(await conversation.produced()).toHaveLength(1);
});

describe('an answer that was cut because it is too long', () => {
  const cut: OpenAiReply = { kind: 'text', pieces: ['Halten Sie die Taste:\n```\nx'], finish: 'length' };
  const limits = (): unknown[] =>
    model.requests.map(({ body }) => (body as { max_tokens?: number }).max_tokens);

  test('is asked for again with a higher limit', async () => {
    model.enqueueReplies(cut, { kind: 'text', pieces: ['Whole.'] });
    const answer = await conversation.ask('How do I reset the hub?');
    expect([textOf(answer), answer.attempt]).toEqual(['Whole.', 2]);
    expect(limits()).toEqual([1024, 2048]);
  });

  test('is posted with a mark in its language where it stays too long', async () => {
    model.enqueueReplies(cut);
    const answer = await conversation.ask('Wie setze ich den Hub zurück?');
    expect(textOf(answer)).toMatch(
      /^Halten Sie die Taste:\n```\nx…\n```\n\n_Diese Antwort wurde abgeschnitten.*_$/,
    );
    expect(limits()).toEqual([1024, 2048, 4096]);
    expect(conversation.streamed(answer.messageId, 3)).toBe(textOf(answer));
  });

  test('is marked at once where the agent sets the limit', async () => {
    const limited = { ...modelAt(model.baseUrl), options: { maxOutputTokens: 5 } };
    const { id } = await bench.call(createAgent, { name: 'Short', model: limited, modelApiKey: API_KEY });
    model.enqueueReplies({ kind: 'text', pieces: ['Hold the button for'], finish: 'length' });
    const answer = await bench.converse({ agentIds: [id] }).ask('How do I reset the hub?');
    expect(textOf(answer)).toMatch(/^Hold the button for…\n\n_This answer was cut off.*_$/);
    expect(limits()).toEqual([5]);
  });
});

test('what the content filter stops each time is made up for by the knowledge base', async () => {
  model.enqueueReplies({ kind: 'text', pieces: ['Half an'], finish: 'content_filter' });
  const answer = await conversation.ask('How do I reset the hub?');
  expect(textOf(answer)).toContain(PASSAGE);
  expect(textOf(answer)).not.toContain('Half');
});

test('a model that stays down is made up for by the knowledge base', async () => {
  model.enqueueReplies({ kind: 'cut', pieces: ['Half'] });
  const answer = await conversation.ask('How do I reset the hub?');
  expect(model.requests).toHaveLength(3);
  expect(textOf(answer)).toContain(PASSAGE);
  expect(answer).toMatchObject({ attempt: 3, citations: [{ title: 'Reset' }] });
});

test('where the knowledge base holds nothing, the visitor is told so, is offered a person and gets one', async () => {
  model.enqueueReplies({ kind: 'error', status: 500 });
  const answer = await conversation.ask('Who won the football world cup?');
  expect(textOf(answer)).toMatch(/cannot answer right now.*person/i);
  expect(answer.citations).toEqual([]);
  await conversation.ask('Yes, please');
  const events = await conversation.events();
  expect(events.map(({ name }) => name)).toContain('flow.handoff_requested');
});

test.each([
  ['Wer hat die Weltmeisterschaft gewonnen?', /^Ich kann gerade leider nicht antworten/, 'Ja, bitte'],
  ['¿Quién ganó el mundial de fútbol?', /^En este momento no puedo responder/, 'sí'],
  ['Qui a gagné la coupe du monde ?', /^Je ne peux pas répondre/, 'D’accord'],
  ['विश्व कप किसने जीता?', /^मैं अभी उत्तर नहीं/, 'हाँ'],
  ['من فاز بكأس العالم؟', /^لا يمكنني الإجابة الآن/, 'نعم'],
])('%s is declined in its language, and a yes to the offer hands over', async (question, declined, yes) => {
  model.enqueueReplies({ kind: 'error', status: 400 });
  expect(textOf(await conversation.ask(question))).toMatch(declined);
  await conversation.ask(yes);
  const events = await conversation.events();
  expect(events.map(({ name }) => name)).toContain('flow.handoff_requested');
});

test('a refused key is not tried again', async () => {
  await bench.call(updateAgent, { agentId, modelApiKey: 'sk-wrong' });
  const answer = await conversation.ask('Who won the football world cup?');
  expect(textOf(answer)).toContain('person');
  expect(model.requests).toHaveLength(1);
  await bench.call(updateAgent, { agentId, modelApiKey: API_KEY });
});

test('the key is stored encrypted and never shown', async () => {
  const agent = await bench.call(getAgent, { agentId });
  const agents = await bench.call(listAgents, {});
  const rows = await bench.in((trx) => trx.selectFrom('agent').selectAll().execute());
  expect(JSON.stringify([agent, agents, rows])).not.toContain(API_KEY);
  expect(rows[0]?.model_api_key).toMatch(/^s1\./);
});

test('a model without key is refused at once, unless it is said that it needs none', async () => {
  const given = { name: 'Bea', model: modelAt('https://models.example.com/v1') };
  const missing = {
    status: 422,
    code: 'model_key_missing',
    errors: [{ pointer: '/modelApiKey' }],
  };
  await expect(bench.call(createAgent, given)).rejects.toMatchObject(missing);
  const agent = await bench.call(createAgent, { ...given, modelApiKey: null });
  const change = { agentId: agent.id, model: modelAt('https://models.example.com/v2') };
  expect((await bench.call(updateAgent, change)).model?.baseUrl).toContain('/v2');
  const elsewhere = { agentId: agent.id, model: modelAt('https://elsewhere.example.com/v1') };
  await expect(bench.call(updateAgent, elsewhere)).rejects.toMatchObject(missing);
});

test('an address within is refused', async () => {
  for (const baseUrl of ['http://10.0.0.1/v1', 'http://169.254.169.254/v1', 'http://[::1]:1/v1']) {
    const refused = bench.call(createAgent, { name: 'Eve', model: modelAt(baseUrl), modelApiKey: null });
    await expect(refused).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/model/baseUrl' }] });
  }
});
