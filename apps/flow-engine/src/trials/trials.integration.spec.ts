import {
  createAgent,
  createFlow,
  forkRun,
  getFlow,
  getRun,
  type Graph,
  listFlowVersions,
  listRuns,
  publishFlow,
  rollBackFlow,
  saveDraft,
  testFlow,
  validateFlow,
} from '@parley/contracts';
import { startOpenAiServer } from '@parley/testing';
import { type FlowBench, openBench } from '../../test/bench.ts';

let bench: FlowBench;

beforeAll(async () => {
  bench = await openBench();
}, 60_000);

afterAll(async () => {
  await bench.close();
});

const graph = (thanks: string): Graph => ({
  start: 'greet',
  steps: [
    { id: 'greet', type: 'say', settings: { text: 'Your name?' }, outcomes: { next: 'name' } },
    { id: 'name', type: 'listen', settings: { variable: 'name' }, outcomes: { next: 'thank' } },
    { id: 'thank', type: 'say', settings: { text: thanks }, outcomes: { next: 'wish' } },
    { id: 'wish', type: 'listen', settings: { variable: 'wish' }, outcomes: { next: 'person' } },
    { id: 'person', type: 'handoff', settings: {}, outcomes: {} },
  ],
});

const thanks = 'Thanks, {{ variables.name }}.';
const broken: Graph = {
  start: 'nowhere',
  steps: [
    { id: 'a', type: 'say', settings: {}, outcomes: { next: 'b' } },
    { id: 'c', type: 'dance', settings: {}, outcomes: {} },
  ],
};

async function flow(draft?: Graph): Promise<string> {
  return (await bench.call(createFlow, { name: 'Hello', ...(draft ? { draft } : {}) })).id;
}

/** All rows that a dry run could have left. */
async function stored(): Promise<unknown> {
  return bench.in(async (trx) => {
    const count = (table: string): Promise<unknown> =>
      trx
        .selectFrom(table as never)
        .select((query) => query.fn.countAll().as('rows'))
        .executeTakeFirst();
    return [await count('run'), await count('run_step'), await count('event'), await count('task')];
  });
}

test('validation names what is wrong by pointers, of the draft or of the graph given', async () => {
  const flowId = await flow(broken);
  const { valid, errors } = await bench.call(validateFlow, { flowId });
  expect(valid).toBe(false);
  expect(errors.map(({ pointer }) => pointer)).toEqual([
    '/draft/start',
    '/draft/steps/0/settings/text',
    '/draft/steps/0/outcomes/next',
    '/draft/steps/1/type',
  ]);
  expect(await bench.call(validateFlow, { flowId, draft: graph(thanks) })).toEqual({
    valid: true,
    errors: [],
  });
  const empty = await bench.call(validateFlow, { flowId: await flow() });
  expect(empty).toMatchObject({ valid: false, errors: [{ pointer: '/draft' }] });
  await expect(bench.call(validateFlow, { flowId: 'flow_none' })).rejects.toMatchObject({ status: 404 });
});

test('a rollback publishes an old graph under a new number and leaves the draft', async () => {
  const flowId = await flow(graph('First.'));
  await bench.call(publishFlow, { flowId });
  await bench.call(saveDraft, { flowId, draft: graph('Second.') });
  await bench.call(publishFlow, { flowId });
  await bench.call(saveDraft, { flowId, draft: graph('Third.') });
  const version = await bench.call(rollBackFlow, { flowId, versionNumber: 1 });
  expect(version).toMatchObject({ number: 3, graph: graph('First.') });
  expect(await bench.call(getFlow, { flowId })).toMatchObject({
    publishedVersion: 3,
    draft: graph('Third.'),
  });
  const { data } = await bench.call(listFlowVersions, { flowId, limit: 10 });
  expect(data.map(({ number }) => number)).toEqual([3, 2, 1]);
  await expect(bench.call(rollBackFlow, { flowId, versionNumber: 9 })).rejects.toMatchObject({
    status: 422,
    errors: [{ pointer: '/versionNumber' }],
  });
  await expect(
    bench.call(rollBackFlow, { flowId, versionNumber: 1 }, bench.otherSpaceId),
  ).rejects.toMatchObject({ status: 404 });
});

test('a test plays the draft to the handoff, and leaves nothing behind', async () => {
  const flowId = await flow(graph(thanks));
  const before = await stored();
  const trial = await bench.call(testFlow, { flowId, messages: ['Ada', 'A refund', 'Hello?'] });
  expect(trial).toMatchObject({
    versionNumber: null,
    status: 'handed_off',
    failure: null,
    variables: { name: 'Ada', wish: 'A refund' },
  });
  expect(trial.turns).toMatchObject([
    { message: null, said: [{ text: 'Your name?' }], handoff: null },
    { message: 'Ada', said: [{ text: 'Thanks, Ada.' }], handoff: null },
    { message: 'A refund', handoff: {} },
  ]);
  const numbers = trial.turns.flatMap(({ steps }) => steps.map(({ no }) => no));
  expect(numbers).toEqual(numbers.map((_no, index) => index + 1));
  expect(await stored()).toEqual(before);
  const undrafted = bench.call(testFlow, { flowId: await flow(), messages: ['Ada'] });
  await expect(undrafted).rejects.toMatchObject({ status: 409, code: 'no_draft' });
  const faulty = bench.call(testFlow, { flowId: await flow(broken), messages: ['Ada'] });
  await expect(faulty).rejects.toMatchObject({
    status: 422,
    errors: expect.arrayContaining([expect.anything()]),
  });
});

test('an agent in a test answers from its knowledge, and its model is not asked', async () => {
  const knowledgeBaseId = await bench.knowledge([
    { title: 'Opening', text: '# Opening hours\n\nThe shop opens at nine in the morning.' },
  ]);
  const model = await startOpenAiServer();
  const { id: agentId } = await bench.call(createAgent, {
    name: 'Ada',
    greeting: 'Hello!',
    knowledgeBaseIds: [knowledgeBaseId],
    model: { provider: 'openai-compatible', model: 'tiny', baseUrl: model.baseUrl },
    modelApiKey: null,
  });
  const flowId = await flow({ start: 'a', steps: [{ id: 'a', type: 'agent', settings: {}, outcomes: {} }] });
  const trial = await bench.call(testFlow, { flowId, agentId, messages: ['When does the shop open?'] });
  expect(model.requests).toEqual([]);
  await model.close();
  expect(trial.turns).toMatchObject([
    { said: [{ text: 'Hello!' }] },
    { said: [{ text: expect.stringContaining('nine in the morning'), citations: [{ title: 'Opening' }] }] },
  ]);
  const unknown = bench.call(testFlow, { flowId, agentId: 'agent_none', messages: ['Hello?'] });
  await expect(unknown).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/agentId' }] });
});

test('a fork plays on from a turn of a run with other words, in its version or the draft', async () => {
  const flowId = await flow(graph(thanks));
  await bench.call(publishFlow, { flowId });
  const conversation = bench.converse({ target: { flowId } });
  await conversation.post('Hello');
  await bench.until(async () => (await conversation.produced()).length === 1, 'The question');
  await conversation.post('Ada');
  await bench.until(async () => (await conversation.produced()).length === 2, 'Both texts');
  await conversation.post('A refund');
  const run = await bench.until(async () => {
    const { data } = await bench.call(listRuns, { conversationId: conversation.id, limit: 1 });
    const [found] = data;
    return found?.status === 'handed_off' && bench.call(getRun, { runId: found.id });
  }, 'The handoff');
  const before = await stored();
  const heardName = run.steps.findLast(({ stepId, input }) => stepId === 'name' && isMessage(input))?.no ?? 0;
  await bench.call(saveDraft, { flowId, draft: graph('Welcome, {{ variables.name }}!') });

  const same = await bench.call(forkRun, {
    runId: run.id,
    stepNo: heardName,
    messages: ['Bea'],
    draft: false,
  });
  expect(same).toMatchObject({ versionNumber: 1, status: 'waiting', variables: { name: 'Bea' } });
  expect(same.turns).toMatchObject([{ message: 'Bea', said: [{ text: 'Thanks, Bea.' }] }]);
  expect(same.turns[0]?.steps[0]).toMatchObject({ no: heardName, stepId: 'name' });

  const drafted = await bench.call(forkRun, {
    runId: run.id,
    stepNo: heardName,
    messages: ['Bea'],
    draft: true,
  });
  expect(drafted).toMatchObject({ versionNumber: null, turns: [{ said: [{ text: 'Welcome, Bea!' }] }] });

  const last = run.steps.length;
  const later = await bench.call(forkRun, {
    runId: run.id,
    stepNo: last,
    messages: ['A chat'],
    draft: false,
  });
  expect(later).toMatchObject({ status: 'handed_off', variables: { name: 'Ada', wish: 'A chat' } });
  expect(await stored()).toEqual(before);
  const beyond = bench.call(forkRun, { runId: run.id, stepNo: 99, messages: ['x'], draft: false });
  await expect(beyond).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/stepNo' }] });
});

function isMessage(input: unknown): boolean {
  return (input as { kind?: string }).kind === 'message';
}
