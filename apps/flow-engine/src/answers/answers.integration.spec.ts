import { createAgent, getAgent, listAgents, updateAgent } from '@parley/contracts';
import { type OpenAiServer, startOpenAiServer } from '@parley/testing';
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
  model.reply({ kind: 'text', pieces });
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
  model.reply({ kind: 'text', pieces: ['With the rear button.'] });
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
  model.reply(broken, { kind: 'text', pieces: ['The whole', ' answer.'] });
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

test('a model that stays down is made up for by the knowledge base', async () => {
  model.reply({ kind: 'cut', pieces: ['Half'] });
  const answer = await conversation.ask('How do I reset the hub?');
  expect(model.requests).toHaveLength(3);
  expect(textOf(answer)).toContain(PASSAGE);
  expect(answer).toMatchObject({ attempt: 3, citations: [{ title: 'Reset' }] });
});

test('where the knowledge base holds nothing, the visitor is told so, is offered a person and gets one', async () => {
  model.reply({ kind: 'error', status: 500 });
  const answer = await conversation.ask('Who won the football world cup?');
  expect(textOf(answer)).toMatch(/cannot answer right now.*person/i);
  expect(answer.citations).toEqual([]);
  await conversation.ask('Yes, please');
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
