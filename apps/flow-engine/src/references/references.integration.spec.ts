import {
  createAgent,
  createFlow,
  createKnowledgeBase,
  deleteAgent,
  deleteFlow,
  deleteKnowledgeBase,
  getAgent,
  getFlow,
  type Graph,
  listFlows,
  listFlowVersions,
  publishFlow,
  rollBackFlow,
  saveDraft,
  updateAgent,
  updateFlow,
  validateFlow,
} from '@parley/contracts';
import { eventsOf } from '@parley/service/testing';
import { type FlowBench, openBench } from '../../test/bench.ts';

let bench: FlowBench;

beforeAll(async () => {
  bench = await openBench();
}, 60_000);
afterAll(async () => {
  await bench.close();
});
beforeEach(() => {
  bench.channels.length = 0;
});

const asking = (agentId?: string): Graph => ({
  start: 'a',
  steps: [{ id: 'a', type: 'agent', settings: agentId === undefined ? {} : { agentId }, outcomes: {} }],
});
const agent = async (name = 'Ada'): Promise<string> => (await bench.call(createAgent, { name })).id;
const draft = async (graph: Graph): Promise<string> =>
  (await bench.call(createFlow, { name: 'Menu', draft: graph })).id;
async function published(graph: Graph): Promise<string> {
  const flowId = await draft(graph);
  await bench.call(publishFlow, { flowId });
  return flowId;
}
const missing = (pointer: string) => ({ status: 422, code: 'unknown_reference', errors: [{ pointer }] });
const inUse = (...names: string[]) => ({
  status: 409,
  code: 'target_in_use',
  errors: names.map((name) => ({ detail: expect.stringContaining(name) })),
});

describe('what is needed cannot be deleted', () => {
  test('an agent that channels target: 409 names them, and it goes once they have another target', async () => {
    const agentId = await agent();
    bench.channels.push(
      { id: 'chan_1', name: 'Website', status: 'active', target: { agentId } },
      { id: 'chan_2', name: null, status: 'setup', target: { agentId } },
    );
    const refused = bench.call(deleteAgent, { agentId });
    await expect(refused).rejects.toMatchObject(inUse('channel "Website" (chan_1)', 'channel chan_2'));
    await expect(refused).rejects.toThrow('"Website" (chan_1)');
    expect(await bench.call(getAgent, { agentId })).toMatchObject({ id: agentId });
    bench.channels.length = 0;
    await bench.call(deleteAgent, { agentId });
    await expect(bench.call(getAgent, { agentId })).rejects.toMatchObject({ status: 404 });
  });

  test('an agent that a published flow asks, but not one that only a draft or an old version names', async () => {
    const agentId = await agent();
    const flowId = await published(asking(agentId));
    await expect(bench.call(deleteAgent, { agentId })).rejects.toMatchObject(
      inUse(`flow "Menu" (${flowId})`),
    );
    await bench.call(saveDraft, { flowId, draft: asking() });
    await bench.call(publishFlow, { flowId });
    await bench.call(saveDraft, { flowId, draft: asking(agentId) });
    await bench.call(deleteAgent, { agentId });
    const pointer = '/draft/steps/0/settings/agentId';
    const problem = { status: 422, code: 'invalid_flow', errors: [{ pointer }] };
    await expect(bench.call(publishFlow, { flowId })).rejects.toMatchObject(problem);
    await expect(bench.call(rollBackFlow, { flowId, versionNumber: 1 })).rejects.toMatchObject(problem);
    expect(await bench.call(validateFlow, { flowId })).toMatchObject({ valid: false, errors: [{ pointer }] });
  });

  test('a flow that channels target or agents run, until they do not', async () => {
    const flowId = await published(asking());
    const { id: agentId } = await bench.call(createAgent, { name: 'Bea', defaultFlowId: flowId });
    bench.channels.push({ id: 'chan_1', name: 'Phone', status: 'active', target: { flowId } });
    await expect(bench.call(deleteFlow, { flowId })).rejects.toMatchObject(
      inUse('channel "Phone" (chan_1)', `agent "Bea" (${agentId})`),
    );
    bench.channels.length = 0;
    await expect(bench.call(deleteFlow, { flowId })).rejects.toMatchObject(inUse(`agent "Bea" (${agentId})`));
    await bench.call(updateAgent, { agentId, defaultFlowId: null });
    await bench.call(deleteFlow, { flowId });
    await expect(bench.call(getFlow, { flowId })).rejects.toMatchObject({ status: 404 });
    await expect(bench.call(deleteFlow, { flowId })).rejects.toMatchObject({ status: 404 });
    await expect(bench.call(updateAgent, { agentId, defaultFlowId: flowId })).rejects.toMatchObject(
      missing('/defaultFlowId'),
    );
    const events = await eventsOf(bench.database, bench.spaceId, flowId);
    expect(events.at(-1)).toMatchObject({ name: 'flow.flow_changed', data: { deleted: true } });
  });

  test('an agent and a flow that takes it at the same moment: one of them is refused', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [agentId, flowId] = [await agent(), await draft(asking())];
      await bench.call(saveDraft, { flowId, draft: asking(agentId) });
      const done = await Promise.allSettled([
        bench.call(deleteAgent, { agentId }),
        bench.call(publishFlow, { flowId }),
      ]);
      expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  test('the flow that was made for an agent is listed apart, belongs to it, and goes with it', async () => {
    const agentId = await agent('Solo');
    const all = async (generated?: 'true') => {
      const { data } = await bench.call(listFlows, { limit: 200, ...(generated ? { generated } : {}) });
      return data;
    };
    const own = (await all('true')).find(({ name }) => name === 'Solo');
    expect(own).toMatchObject({ generated: true });
    expect((await all()).some(({ generated }) => generated)).toBe(false);
    const flowId = own?.id ?? '';
    await expect(bench.call(deleteFlow, { flowId })).rejects.toMatchObject({ status: 409 });
    await bench.call(deleteAgent, { agentId });
    expect((await all('true')).map(({ id }) => id)).not.toContain(flowId);
  });

  test('a knowledge base leaves its agents', async () => {
    const { id: kept } = await bench.call(createKnowledgeBase, { name: 'Kept' });
    const { id: gone } = await bench.call(createKnowledgeBase, { name: 'Gone' });
    const { id: agentId } = await bench.call(createAgent, { name: 'Cy', knowledgeBaseIds: [gone, kept] });
    await bench.call(deleteKnowledgeBase, { knowledgeBaseId: gone });
    expect(await bench.call(getAgent, { agentId })).toMatchObject({ knowledgeBaseIds: [kept] });
  });
});

describe('what does not exist cannot be named', () => {
  test('by steps, whether a draft is created, saved or changed', async () => {
    const pointer = '/draft/steps/0/settings/agentId';
    const bad = asking('agent_none');
    await expect(bench.call(createFlow, { name: 'x', draft: bad })).rejects.toMatchObject(missing(pointer));
    const flowId = await draft(asking());
    await expect(bench.call(saveDraft, { flowId, draft: bad })).rejects.toMatchObject(missing(pointer));
    await expect(bench.call(updateFlow, { flowId, draft: { steps: bad.steps } })).rejects.toMatchObject(
      missing(pointer),
    );
    const foreign = (await bench.call(createAgent, { name: 'Far' }, bench.otherSpaceId)).id;
    await expect(bench.call(saveDraft, { flowId, draft: asking(foreign) })).rejects.toMatchObject(
      missing(pointer),
    );
    expect(await bench.call(validateFlow, { flowId, draft: bad })).toMatchObject({ errors: [{ pointer }] });
  });

  test('by agents: tools, knowledge bases and flows, each with its pointer', async () => {
    const given = { name: 'Dee', tools: ['weather'], knowledgeBaseIds: ['kb_none'] };
    const refused = { status: 422, errors: [{ pointer: '/knowledgeBaseIds/0' }, { pointer: '/tools/0' }] };
    await expect(bench.call(createAgent, given)).rejects.toMatchObject(refused);
    const agentId = await agent();
    await expect(bench.call(updateAgent, { agentId, tools: ['weather'] })).rejects.toMatchObject(
      missing('/tools/0'),
    );
    const undrafted = (await bench.call(createFlow, { name: 'Bare' })).id;
    for (const defaultFlowId of ['flow_none', undrafted])
      await expect(bench.call(updateAgent, { agentId, defaultFlowId })).rejects.toMatchObject(
        missing('/defaultFlowId'),
      );
  });

  test('by numbers that no version can have', async () => {
    const flowId = await published(asking());
    const input = { spaceId: bench.spaceId, flowId, versionNumber: 4_294_967_297 };
    expect(rollBackFlow.input.safeParse(input).success).toBe(false);
    await expect(bench.call(listFlowVersions, { flowId, cursor: '4294967297' })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe('a change merges nested objects', () => {
  const model = {
    ...{ provider: 'openai-compatible' as const, model: 'tiny', baseUrl: 'https://models.example/v1' },
    options: { temperature: 0.5, timeoutMs: 1000 },
  };

  test('of an agent: its model, voice and metadata keep what is left out; null removes', async () => {
    const given = {
      voice: { voice: 'en', language: 'en' },
      metadata: { team: { lead: 'Ada', size: 3 }, tag: 'x' },
    };
    const { id: agentId } = await bench.call(createAgent, {
      name: 'Eve',
      model,
      modelApiKey: 'key',
      ...given,
    });
    const changed = await bench.call(updateAgent, {
      agentId,
      model: { options: { temperature: null, maxOutputTokens: 9 } },
      voice: { language: 'de' },
      metadata: { team: { size: 4 }, tag: null },
    });
    expect(changed).toMatchObject({ name: 'Eve', voice: { voice: 'en', language: 'de' } });
    expect(changed.model).toEqual({ ...model, options: { timeoutMs: 1000, maxOutputTokens: 9 } });
    expect(changed.metadata).toEqual({ team: { lead: 'Ada', size: 4 } });
    await expect(bench.call(updateAgent, { agentId, model: { model: null } })).rejects.toMatchObject({
      ...{ status: 422, code: 'invalid_patch' },
      errors: [{ pointer: '/model/model' }],
    });
    const large = { metadata: { text: 'x'.repeat(9000) } };
    await bench.call(updateAgent, { agentId, ...large });
    await expect(
      bench.call(updateAgent, { agentId, metadata: { more: 'x'.repeat(9000) } }),
    ).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/metadata' }] });
    expect(await bench.call(updateAgent, { agentId, metadata: null })).toMatchObject({ metadata: {} });
  });

  test('a model that moves to another host needs its key again, also after it was taken away', async () => {
    const { id: agentId } = await bench.call(createAgent, { name: 'Fay', model, modelApiKey: 'secret' });
    const elsewhere = { baseUrl: 'https://elsewhere.example/v1' };
    const refused = { status: 422, code: 'model_key_missing', errors: [{ pointer: '/modelApiKey' }] };
    await expect(bench.call(updateAgent, { agentId, model: elsewhere })).rejects.toMatchObject(refused);
    await bench.call(updateAgent, { agentId, model: { baseUrl: 'https://models.example/v2' } });
    await bench.call(updateAgent, { agentId, model: null });
    await expect(
      bench.call(updateAgent, { agentId, model: { ...model, ...elsewhere } }),
    ).rejects.toMatchObject(refused);
    const sealed = await bench.in((trx) =>
      trx.selectFrom('agent').select('model_api_key').where('id', '=', agentId).executeTakeFirst(),
    );
    expect(sealed).toEqual({ model_api_key: null });
    await bench.call(updateAgent, { agentId, model: { ...model, ...elsewhere }, modelApiKey: 'other' });
  });

  test('of a flow: its draft keeps what is left out, and null removes it', async () => {
    const flowId = await draft(asking());
    const changed = await bench.call(updateFlow, {
      flowId,
      draft: { start: 'b' },
      metadata: { a: { b: 1 } },
    });
    expect(changed.draft).toEqual({ ...asking(), start: 'b' });
    expect(await bench.call(updateFlow, { flowId, metadata: { a: { c: 2 } } })).toMatchObject({
      metadata: { a: { b: 1, c: 2 } },
    });
    await expect(bench.call(updateFlow, { flowId, draft: { steps: null } })).rejects.toMatchObject({
      errors: [{ pointer: '/draft/steps' }],
    });
    expect(await bench.call(updateFlow, { flowId, draft: null })).toMatchObject({ draft: null });
  });
});
