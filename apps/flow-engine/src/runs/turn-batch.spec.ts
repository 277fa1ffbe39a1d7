import type { Graph } from '@parley/contracts';
import { type LoadedRun, placeOf } from './runs.service.ts';
import { abandon } from './orphans.ts';
import type { NewTurn, TurnPayload } from './turn.ts';
import { type PlayAtOnce, TurnBatch } from './turn-batch.ts';
import { playTurn } from './turn-taking.ts';

const spaceId = 'space_a';
const responder = { agentId: null, flowId: 'flow_1' };

const thanks: Graph = {
  start: 'listen',
  steps: [
    { id: 'listen', type: 'listen', settings: {}, outcomes: { next: 'say' } },
    { id: 'say', type: 'say', settings: { text: 'Thank you.' }, outcomes: { next: 'listen' } },
  ],
};
const asks: Graph = { start: 'a', steps: [{ id: 'a', type: 'agent', settings: {}, outcomes: {} }] };
const ends: Graph = {
  start: 'say',
  steps: [{ id: 'say', type: 'say', settings: { text: 'Goodbye.' }, outcomes: {} }],
};

function run(conversationId: string, graph: Graph): LoadedRun {
  const state = {
    status: 'running' as const,
    stepId: graph.start,
    stepState: {},
    variables: {},
    history: [],
  };
  return {
    spaceId,
    id: `run_${conversationId}`,
    conversationId,
    responder,
    flowId: 'flow_1',
    versionNumber: 1,
    graph,
    agent: null,
    state: { ...state, agent: null, language: 'en' },
    nextNo: 1,
    revision: null,
  };
}

function batchOf(runs: LoadedRun[], waiting: string[] = []): TurnBatch {
  return new TurnBatch(new Map(runs.map((one) => [placeOf(one), one])), new Set(waiting));
}

type Body =
  | { kind: 'start' }
  | { kind: 'message'; messageId: string; text: string; replyId: string }
  | { kind: 'note'; text: string; role: 'user' | 'person' };

function turn(conversationId: string, id: string, body: Body): NewTurn {
  const payload: TurnPayload = { ...body, conversationId, responder };
  return { queue: 'turn', id, key: `${conversationId}:flow_1`, spaceId, payload };
}
const message = (conversationId: string, id: string): NewTurn =>
  turn(conversationId, id, {
    kind: 'message',
    messageId: id,
    text: `This is ${id}.`,
    replyId: `reply_${id}`,
  });
const note = (conversationId: string, id: string): NewTurn =>
  turn(conversationId, id, { kind: 'note', text: `Note ${id}.`, role: 'person' });

const ids = (turns: readonly NewTurn[]): string[] => turns.map(({ id }) => id);
const said = (batch: TurnBatch): (string | null)[] =>
  batch.taken.flatMap(({ record }) =>
    record.turn.effects.flatMap((effect) => (effect.kind === 'say' ? [effect.replyTo] : [])),
  );

describe('TurnBatch', () => {
  it('takes the turns of many runs, each run’s in order, and saves each run once', async () => {
    const batch = batchOf([run('conv_1', thanks), run('conv_2', thanks)]);
    for (const one of [
      turn('conv_1', 'start', { kind: 'start' }),
      message('conv_1', 'm1'),
      message('conv_2', 'm2'),
      note('conv_1', 'n1'),
      message('conv_1', 'm3'),
    ])
      await batch.take(one);
    expect(said(batch)).toEqual(['m1', 'm2', 'm3']);
    expect(batch.later).toEqual([]);
    const [first, second] = batch.changedRuns();
    expect(batch.changedRuns()).toHaveLength(2);
    expect(first?.state.history.map(({ text }) => text)).toEqual([
      'This is m1.',
      'Thank you.',
      'Note n1.',
      'This is m3.',
      'Thank you.',
    ]);
    expect(second?.state.history).toHaveLength(2);
    // Lines of the trace are numbered on without a gap.
    const lines = batch.taken.filter((one) => one.run.conversationId === 'conv_1');
    for (const [index, { run: before }] of lines.entries()) {
      const earlier = lines.slice(0, index).flatMap(({ record }) => record.turn.trace);
      expect(before.nextNo).toBe(1 + earlier.length);
    }
    expect(lines.map(({ run: before }) => before.revision === null)).toEqual([true, false, false]);
  });

  it('leaves a turn that needs an answer for later, and all behind it in their order', async () => {
    const batch = batchOf([run('conv_1', asks), run('conv_2', thanks)]);
    for (const one of [
      message('conv_1', 'm1'),
      note('conv_1', 'n1'),
      message('conv_2', 'm2'),
      message('conv_1', 'm3'),
    ])
      await batch.take(one);
    expect(ids(batch.later)).toEqual(['m1', 'n1', 'm3']);
    expect(said(batch)).toEqual(['m2']);
    expect(batch.changedRuns().map(({ conversationId }) => conversationId)).toEqual(['conv_2']);
  });

  it('plays a turn to its end that is answered at once, and what stands behind it', async () => {
    const asked: string[] = [];
    const playAtOnce: PlayAtOnce = async (of, found, payload) => {
      asked.push(of.id);
      if (of.id === 'm3') return null;
      return playTurn(found, payload, ({ text }) =>
        Promise.resolve({
          text: `On ${text}`,
          format: 'plain',
          citations: [],
          declined: false,
          failure: null,
        }),
      );
    };
    const known = run('conv_1', asks);
    const batch = new TurnBatch(new Map([[placeOf(known), known]]), new Set(), playAtOnce);
    for (const one of [
      turn('conv_1', 'start', { kind: 'start' }),
      message('conv_1', 'm1'),
      note('conv_1', 'n1'),
      message('conv_1', 'm2'),
      message('conv_1', 'm3'),
      message('conv_1', 'm4'),
    ])
      await batch.take(one);
    expect(asked).toEqual(['m1', 'm2', 'm3']);
    expect(said(batch)).toEqual(['m1', 'm2']);
    expect(batch.taken.flatMap(({ record }) => record.messageIds)).toEqual(['reply_m1', 'reply_m2']);
    expect(ids(batch.later)).toEqual(['m3', 'm4']);
    const [changed] = batch.changedRuns();
    expect(changed?.state.history.map(({ text }) => text)).toEqual([
      ...['This is m1.', 'On This is m1.', 'Note n1.', 'This is m2.', 'On This is m2.'],
    ]);
  });

  it('takes nothing before what is not yet done', async () => {
    const known = run('conv_1', thanks);
    const batch = batchOf([known], [placeOf(known)]);
    await batch.take(message('conv_1', 'm1'));
    expect(ids(batch.later)).toEqual(['m1']);
    expect(batch.taken).toEqual([]);
  });

  it('begins no second run in a batch: what comes after the end of one waits', async () => {
    const batch = batchOf([run('conv_1', ends)]);
    await batch.take(message('conv_1', 'm1'));
    await batch.take(message('conv_1', 'm2'));
    expect(batch.changedRuns().map(({ state }) => state.status)).toEqual(['completed']);
    expect(ids(batch.later)).toEqual(['m2']);
  });

  it('takes a note only where there is a run, and a start only where there is none', async () => {
    const stored = { ...run('conv_2', thanks), revision: '7' };
    const batch = batchOf([run('conv_1', thanks), stored]);
    await batch.take(note('conv_1', 'n1'));
    await batch.take(turn('conv_2', 'start', { kind: 'start' }));
    expect(batch.changedRuns()).toEqual([]);
    expect(batch.orphans).toEqual([]);
  });
});

describe('turns that nobody can take', () => {
  const agentRun = (conversationId: string, agentId: string): LoadedRun => ({
    ...{ ...run(conversationId, thanks), revision: '7' },
    responder: { agentId, flowId: null },
  });
  const toAgent = (id: string, agentId: string): NewTurn => {
    const { payload, ...rest } = message('conv_1', 'm1');
    return { ...rest, id, payload: { ...payload, responder: { agentId, flowId: null } } };
  };

  it('are told apart: there is no run, or its agent is gone', async () => {
    const left = agentRun('conv_1', 'agent_gone');
    const batch = batchOf([left]);
    for (const one of [message('conv_3', 'm1'), toAgent('turn_1', 'agent_gone')]) await batch.take(one);
    expect(batch.orphans.map((orphan) => [orphan.turn.id, orphan.run])).toEqual([
      ['m1', null],
      ['turn_1', left],
    ]);
    expect(batch.taken).toEqual([]);
  });

  it('ask for a person with the reason, once for each conversation; a run that was left behind fails', () => {
    const gone = message('conv_3', 'm1');
    const orphans = [
      { turn: gone, run: null },
      { turn: message('conv_3', 'm2'), run: null },
      { turn: note('conv_4', 'n1'), run: null },
      { turn: toAgent('turn_1', 'agent_gone'), run: agentRun('conv_1', 'agent_gone') },
    ];
    const { taken, events } = abandon(orphans, () => false);
    expect(events.map(({ definition, data }) => [definition.name, data])).toMatchObject([
      ['flow.message_produced', { runId: null, flowId: 'flow_1', replyTo: 'm1', messageId: 'reply_m1' }],
      ['flow.handoff_requested', { runId: null, conversationId: 'conv_3', reason: expect.any(String) }],
    ]);
    expect(taken.map(({ record }) => record.turn)).toMatchObject([
      { state: { status: 'failed' }, effects: [{ kind: 'say', replyTo: 'm1' }], failure: expect.any(String) },
    ]);
  });

  it('are left to another agent that answers the same message: the run ends without a person', () => {
    const orphans = [
      { turn: toAgent('turn_1', 'agent_gone'), run: agentRun('conv_1', 'agent_gone') },
      { turn: message('conv_3', 'm1'), run: null },
    ];
    const { taken, events } = abandon(orphans, () => true);
    expect(events).toEqual([]);
    expect(taken.map(({ record }) => record.turn)).toMatchObject([
      { state: { status: 'cancelled' }, effects: [], failure: null },
    ]);
  });
});
