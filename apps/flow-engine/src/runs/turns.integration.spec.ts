import {
  conversationCreated,
  conversationDeleted,
  createAgent,
  createFlow,
  deleteAgent,
  deleteFlow,
  forkRun,
  getRun,
  type Graph,
  listRuns,
  publishFlow,
  updateAgent,
} from '@parley/contracts';
import { z } from 'zod';
import { type OpenAiServer, startOpenAiServer } from '@parley/testing';
import { sql } from 'kysely';
import { type FlowBench, openBench } from '../../test/bench.ts';
import { RetryableError } from '@parley/messaging';
import { AnswersService } from '../answers/answers.service.ts';
import { registerSteps } from '../steps/registry.ts';
import { defineStep, textParts } from '../steps/step.ts';

let bench: FlowBench;
let model: OpenAiServer;
let agentIds: string[];

beforeAll(async () => {
  model = await startOpenAiServer();
  bench = await openBench();
  agentIds = await Promise.all(
    ['Ada', 'Bea'].map(async (name) => {
      const given = { provider: 'openai-compatible' as const, model: 'tiny', baseUrl: model.baseUrl };
      return (await bench.call(createAgent, { name, model: given, modelApiKey: null })).id;
    }),
  );
}, 60_000);

afterAll(async () => {
  await bench.close();
  await model.close();
});

beforeEach(() => {
  model.requests.length = 0;
  model.enqueueReplies({ kind: 'text', pieces: ['An ', 'answer.'] });
});

const one = () => bench.converse({ agentIds: agentIds.slice(0, 1) });

test('the same fact twice is answered once', async () => {
  const conversation = one();
  const fact = conversation.fact('Hello?');
  await Promise.all([bench.publish(fact), bench.publish(fact)]);
  await conversation.answerTo(fact.message.id);
  const next = await conversation.ask('And now?');
  expect((await conversation.produced()).map(({ replyTo }) => replyTo)).toEqual([
    fact.message.id,
    next.replyTo,
  ]);
});

test('two agents in one conversation answer once each, and never each other', async () => {
  const conversation = bench.converse({ agentIds });
  const { message } = await conversation.post('Hello?');
  const said = await bench.until(async () => {
    const produced = await conversation.produced();
    return produced.length === 2 && produced;
  }, 'Two answers');
  for (const { parts, author } of said) {
    const agent = { type: 'agent' as const, agentId: author.agentId ?? '', name: author.name };
    await conversation.post(JSON.stringify(parts), { author: agent });
  }
  await conversation.ask('And now?');
  const produced = await bench.until(async () => {
    const all = await conversation.produced();
    return all.length === 4 && all;
  }, 'Four answers');
  expect(new Set(said.map(({ author }) => author.agentId))).toEqual(new Set(agentIds));
  expect(produced.filter(({ replyTo }) => replyTo === message.id)).toHaveLength(2);
});

test('a lease lost in the midst of an answer: its next holder answers, once, under a higher attempt', async () => {
  const { promise: until, resolve: release } = Promise.withResolvers<void>();
  model.enqueueReplies(
    { kind: 'text', pieces: ['Stale ', 'answer.'], until },
    { kind: 'text', pieces: ['Fresh answer.'] },
  );
  const conversation = one();
  const { message } = await conversation.post('Hello?');
  await bench.until(async () => model.requests.length === 1, 'The first request');
  await bench.runner.withSpaces([], (trx) =>
    sql`UPDATE lease SET epoch = epoch + 1, holder = 'elsewhere', until = now() WHERE name LIKE 'task.turn.%'`.execute(
      trx,
    ),
  );
  const answer = await conversation.answerTo(message.id);
  release();
  await conversation.ask('And now?');
  expect(answer).toMatchObject({ attempt: 2, parts: [{ text: 'Fresh answer.' }] });
  const answers = (await conversation.produced()).filter(({ replyTo }) => replyTo === message.id);
  expect(answers).toHaveLength(1);
});

test('a deleted conversation ends its run without a person, takes back its turns and leaves nothing of what was said', async () => {
  const conversation = one();
  await conversation.ask('My SECRET question');
  const other = one();
  await other.ask('My SECRET question');
  let release = (): void => undefined;
  model.enqueueReplies({
    ...{ kind: 'text', pieces: ['Too ', 'late.'] },
    until: new Promise<void>((resolve) => (release = resolve)),
  });
  model.requests.length = 0;
  await conversation.post('Another SECRET');
  await bench.until(async () => model.requests.length === 1, 'The request');
  await conversation.post('And one more SECRET');
  const { sequence } = conversation.fact('The last event');
  await bench.tell(conversationDeleted, { conversationId: conversation.id, sequence });
  const finished = await bench.until(
    async () => (await conversation.events()).find(({ name }) => name === 'flow.run_finished'),
    'The end of the run',
  );
  release();
  expect(finished.data).toMatchObject({ status: 'cancelled', reason: 'The conversation was deleted.' });
  await other.ask('And now?');
  const names = (await conversation.events()).map(({ name }) => name);
  expect(names.filter((name) => name === 'flow.message_produced')).toHaveLength(1);
  expect(names).not.toContain('flow.handoff_requested');
  const { data } = await bench.call(listRuns, { conversationId: conversation.id });
  expect(data).toMatchObject([{ status: 'cancelled', variables: {}, steps: [] }]);
  const kept = await bench.in(async (trx) => [
    await trx.selectFrom('run').selectAll().where('conversation_id', '=', conversation.id).execute(),
    (await sql`SELECT * FROM task WHERE key LIKE ${`${conversation.id}%`}`.execute(trx)).rows,
  ]);
  expect(JSON.stringify(kept)).not.toContain('SECRET');
  expect((await bench.call(listRuns, { conversationId: other.id })).data[0]?.status).not.toBe('cancelled');
});

test('a step that fails each time ends its run with the reason, and asks for a person', async () => {
  const answers = bench.get(AnswersService);
  const whole = answers.answer;
  answers.answer = async () => {
    throw new TypeError('poison');
  };
  const conversation = one();
  const { message } = await conversation.post('Hello?');
  const said = await conversation.answerTo(message.id);
  answers.answer = whole;
  expect(said.parts).toMatchObject([{ text: expect.stringContaining('person') }]);
  const [run] = (await bench.call(listRuns, { conversationId: conversation.id })).data;
  expect(await bench.call(getRun, { runId: run?.id ?? '' })).toMatchObject({ status: 'failed' });
  const names = (await conversation.events()).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['flow.handoff_requested', 'flow.run_finished']));
  expect(JSON.stringify(await conversation.events())).toContain('poison');
});

test('a turn that is given up for good says so and asks for a person; what comes next begins anew', async () => {
  const answers = bench.get(AnswersService);
  const whole = answers.answer;
  let attempts = 0;
  answers.answer = async () => {
    attempts += 1;
    throw new RetryableError('never again', { afterMs: 5 });
  };
  const conversation = one();
  const { message } = await conversation.post('Hello?');
  const said = await conversation.answerTo(message.id);
  answers.answer = whole;
  expect(attempts).toBe(8);
  expect(said.parts).toMatchObject([{ text: expect.stringContaining('person') }]);
  const events = await conversation.events();
  const reason = expect.stringContaining('never again');
  expect(events.slice(-2)).toMatchObject([
    { name: 'flow.handoff_requested', data: { reason } },
    { name: 'flow.run_finished', data: { status: 'failed', reason } },
  ]);
  const parked = await sql<{ content: { payload: { conversationId: string } } }>`
    SELECT content FROM parked WHERE consumer = 'task.turn'`.execute(bench.runner.kysely);
  expect(parked.rows.map(({ content }) => content.payload.conversationId)).toEqual([conversation.id]);
  const next = await conversation.ask('Are you back?');
  expect(next.parts).toMatchObject([{ text: 'An answer.' }]);
  const { data: runs } = await bench.call(listRuns, { conversationId: conversation.id });
  expect(runs.map(({ status }) => status)).toEqual(['waiting', 'failed']);
});

test('a turn whose process ends each time is given up too, with the reason', async () => {
  const { promise: until, resolve: release } = Promise.withResolvers<void>();
  model.enqueueReplies({ kind: 'text', pieces: ['Never ', 'told.'], until });
  const conversation = one();
  const { message } = await conversation.post('Hello?');
  await bench.until(async () => model.requests.length === 1, 'The request');
  // As if that process, and seven before it, had ended in the midst of it.
  await bench.runner.withSpaces([], async (trx) => {
    await sql`UPDATE task SET attempts = 8 WHERE queue = 'turn'`.execute(trx);
    await sql`UPDATE lease SET epoch = epoch + 1, holder = 'elsewhere', until = now() WHERE name LIKE 'task.turn.%'`.execute(
      trx,
    );
  });
  await conversation.answerTo(message.id);
  release();
  const requested = (await conversation.events()).filter(({ name }) => name === 'flow.handoff_requested');
  expect(requested).toMatchObject([{ data: { reason: expect.stringContaining('process ended') } }]);
});

/** Asks an agent as soon as it is entered, says the answer, and goes on. */
registerSteps([
  defineStep({
    ...{ type: 'test_ask', title: 'Ask', summary: 'Asks', outcomes: ['next'], waits: false },
    settings: z.strictObject({ agentId: z.string(), question: z.string() }),
    advance({ agentId, question }, _view, input) {
      if (input.kind !== 'answer') return { effects: [], progress: { kind: 'ask', agentId, question } };
      return {
        effects: [{ kind: 'say', parts: textParts(input.answer.text), replyTo: input.messageId }],
        progress: { kind: 'leave', outcome: 'next' },
      };
    },
  }),
]);

async function published(draft: Graph): Promise<string> {
  const { id: flowId } = await bench.call(createFlow, { name: 'Steps', draft });
  await bench.call(publishFlow, { flowId });
  return flowId;
}

const textOf = ({ parts }: { parts: readonly unknown[] }): string => (parts[0] as { text: string }).text;

test('what a flow asks at its start and after an answer is answered, once each, and its tokens lead to the message', async () => {
  const agentId = agentIds[0] ?? '';
  const ask = (id: string, next: string): Graph['steps'][number] => ({
    ...{ id, type: 'test_ask', settings: { agentId, question: `${id}?` }, outcomes: { next } },
  });
  const listen = { id: 'listen', type: 'listen', settings: {}, outcomes: { next: 'third' } };
  const steps = [
    ask('first', 'second'),
    ask('second', 'listen'),
    listen,
    ask('third', 'fourth'),
    ask('fourth', 'listen'),
  ];
  const target = { flowId: await published({ start: 'first', steps }) };
  const answer = (text: string) => ({ kind: 'text' as const, pieces: [text] });
  model.enqueueReplies(answer('One.'), answer('Two.'), answer('Three.'), answer('Four.'));
  const conversation = bench.converse({ target });
  await bench.tell(conversationCreated, conversation.begun());
  const texts = async (count: number) =>
    bench.until(async () => {
      const produced = await conversation.produced();
      return produced.length >= count && produced;
    }, `${count} answers`);
  expect((await texts(2)).map(textOf)).toEqual(['One.', 'Two.']);
  const { message } = await conversation.post('Go on.');
  const produced = await texts(4);
  expect(produced.map(textOf)).toEqual(['One.', 'Two.', 'Three.', 'Four.']);
  expect(produced.map(({ replyTo }) => replyTo)).toEqual([null, null, message.id, message.id]);
  for (const said of produced) expect(conversation.streamed(said.messageId, 1)).toBe(textOf(said));
  const { data: runs } = await bench.call(listRuns, { conversationId: conversation.id });
  expect(runs.map(({ status }) => status)).toEqual(['waiting']);
  expect(model.requests).toHaveLength(4);
});

test('a run that circles in a version from before the check posts an apology alone, and asks for a person', async () => {
  const flowId = await published({
    start: 'a',
    steps: [{ id: 'a', type: 'say', settings: { text: 'Round.' }, outcomes: {} }],
  });
  await bench.in((trx) =>
    sql`UPDATE flow_version SET graph = jsonb_set(graph, '{steps,0,outcomes}', '{"next": "a"}') WHERE flow_id = ${flowId}`.execute(
      trx,
    ),
  );
  const conversation = bench.converse({ target: { flowId } });
  const { message } = await conversation.post('Hello?');
  const said = await conversation.answerTo(message.id);
  expect(textOf(said)).toContain('person');
  const events = await conversation.events();
  expect(events.filter(({ name }) => name === 'flow.message_produced')).toHaveLength(1);
  const reason = expect.stringContaining('without waiting');
  expect(events.slice(-2)).toMatchObject([
    { name: 'flow.handoff_requested', data: { reason } },
    { name: 'flow.run_finished', data: { status: 'failed', reason } },
  ]);
});

test('an agent that was deleted leaves nobody in silence, with and without a run of its own', async () => {
  const { id } = await bench.call(createAgent, { name: 'Gone' });
  const begun = bench.converse({ agentIds: [id] });
  await begun.ask('Hello?');
  await bench.call(deleteAgent, { agentId: id });
  const fresh = bench.converse({ agentIds: [id] });
  for (const [conversation, runs] of [
    [begun, ['failed']],
    [fresh, []],
  ] as const) {
    const { message } = await conversation.post('Still there?');
    expect(textOf(await conversation.answerTo(message.id))).toContain('person');
    const requested = (await conversation.events()).filter(({ name }) => name === 'flow.handoff_requested');
    expect(requested).toMatchObject([{ data: { reason: expect.stringContaining('deleted') } }]);
    const { data } = await bench.call(listRuns, { conversationId: conversation.id });
    expect(data.map(({ status }) => status)).toEqual(runs);
  }
});

test('a deleted flow begins no runs, and those that follow it go on', async () => {
  const listen = { id: 'listen', type: 'listen', settings: { variable: 'said' }, outcomes: { next: 'say' } };
  const say = {
    id: 'say',
    type: 'say',
    settings: { text: 'You said {{ variables.said }}.' },
    outcomes: { next: 'listen' },
  };
  const flowId = await published({ start: 'listen', steps: [listen, say] });
  const { id: agentId } = await bench.call(createAgent, { name: 'Fay', defaultFlowId: flowId });
  const conversation = bench.converse({ agentIds: [agentId] });
  expect(textOf(await conversation.ask('one'))).toBe('You said one.');
  await bench.call(updateAgent, { agentId, defaultFlowId: null });
  await bench.call(deleteFlow, { flowId });
  expect(textOf(await conversation.ask('two'))).toBe('You said two.');
  const late = bench.converse({ target: { flowId } });
  const { message } = await late.post('three');
  expect(textOf(await late.answerTo(message.id))).toContain('person');
});

test('what a flow does in a direct room is for its two participants alone', async () => {
  const conversation = one();
  const audience = ['acc_one', 'acc_two'];
  const { message } = await conversation.post('Between us', { audience });
  const { runId: answered } = await conversation.answerTo(message.id);
  const runId = answered ?? '';
  const produced = await conversation.produced();
  expect(produced.map((data) => data.audience)).toEqual([audience]);
  expect((await bench.call(getRun, { runId })).id).toBe(runId);
  bench.hidden.add(conversation.id);
  await expect(bench.call(getRun, { runId })).rejects.toMatchObject({ status: 404 });
  expect((await bench.call(listRuns, { conversationId: conversation.id })).data).toEqual([]);
  const fork = bench.call(forkRun, { runId, stepNo: 1, messages: ['x'] });
  await expect(fork).rejects.toMatchObject({ status: 404 });
  bench.hidden.delete(conversation.id);
});
