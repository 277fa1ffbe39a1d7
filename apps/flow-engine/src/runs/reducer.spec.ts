import type { Graph } from '@parley/contracts';
import { reduce, type RunState, STEPS_PER_TURN } from './reducer.ts';

const agent = { id: 'agent_1', name: 'Ada', greeting: 'Hello!' };

function start(graph: Graph): RunState {
  return { status: 'running', stepId: graph.start, stepState: {}, variables: {}, history: [], agent };
}

const agentGraph: Graph = { start: 'a', steps: [{ id: 'a', type: 'agent', settings: {}, outcomes: {} }] };

describe('reduce', () => {
  it('greets once at the start and then waits', () => {
    const turn = reduce(agentGraph, start(agentGraph), { kind: 'enter', fresh: true, messageId: null });
    expect(turn.effects).toEqual([
      { kind: 'say', parts: [{ type: 'text', text: 'Hello!', format: 'plain' }], replyTo: null },
    ]);
    expect(turn.state.status).toBe('waiting');
  });

  it('does not greet when a run is taken up by a message', () => {
    expect(
      reduce(agentGraph, start(agentGraph), { kind: 'enter', fresh: false, messageId: 'msg_1' }).effects,
    ).toEqual([]);
  });

  it('asks for an answer to a question, and says it in reply to the message', () => {
    const asked = reduce(agentGraph, start(agentGraph), {
      kind: 'message',
      messageId: 'msg_1',
      text: 'How do I start it?',
    });
    expect(asked.question).toEqual({ agentId: null, text: 'How do I start it?' });
    const answer = {
      text: 'Run it.',
      format: 'plain' as const,
      citations: [],
      declined: false,
      failure: null,
    };
    const told = reduce(agentGraph, asked.state, { kind: 'answer', messageId: 'msg_1', answer });
    expect(told.effects).toMatchObject([{ kind: 'say', replyTo: 'msg_1', parts: [{ text: 'Run it.' }] }]);
    expect(told.state.status).toBe('waiting');
  });

  it.each(['I want to talk to a person', 'human please', 'Can I speak with a representative?'])(
    'hands off on "%s"',
    (text) => {
      const turn = reduce(agentGraph, start(agentGraph), { kind: 'message', messageId: 'msg_1', text });
      expect(turn.effects.map((effect) => effect.kind)).toEqual(['say', 'handoff']);
      expect(turn.state.status).toBe('handed_off');
    },
  );

  it('takes "yes" as an acceptance only after it offered a person', () => {
    const yes = { kind: 'message' as const, messageId: 'msg_2', text: 'Yes, please' };
    expect(reduce(agentGraph, start(agentGraph), yes).question).not.toBeNull();
    const offered = { ...start(agentGraph), stepState: { offered: true } };
    expect(reduce(agentGraph, offered, yes).state.status).toBe('handed_off');
  });

  it('follows outcomes through variables, words and texts', () => {
    const graph: Graph = {
      start: 'ask',
      steps: [
        { id: 'ask', type: 'say', settings: { text: 'Sales or support?' }, outcomes: { next: 'hear' } },
        { id: 'hear', type: 'listen', settings: { variable: 'wish' }, outcomes: { next: 'which' } },
        {
          id: 'which',
          type: 'match',
          settings: { variable: 'wish', cases: [{ outcome: 'sales', words: ['sales', 'buy'] }] },
          outcomes: { sales: 'sell', other: 'end' },
        },
        {
          id: 'sell',
          type: 'say',
          settings: { text: 'You said {{ variables.wish }}.' },
          outcomes: { next: 'end' },
        },
        { id: 'end', type: 'end', settings: {}, outcomes: {} },
      ],
    };
    const asked = reduce(graph, start(graph), { kind: 'enter', fresh: true, messageId: null });
    expect(asked.state).toMatchObject({ status: 'waiting', stepId: 'hear' });
    const sold = reduce(graph, asked.state, {
      kind: 'message',
      messageId: 'msg_1',
      text: 'I want to BUY one',
    });
    expect(sold.effects).toMatchObject([
      { replyTo: 'msg_1', parts: [{ text: 'You said I want to BUY one.' }] },
    ]);
    expect(sold.state.status).toBe('completed');
    expect(sold.trace.map((line) => line.outcome)).toEqual(['next', 'sales', 'next', 'end']);
  });

  it('ends a graph that circles without waiting as failed', () => {
    const graph: Graph = {
      start: 'a',
      steps: [
        { id: 'a', type: 'say', settings: { text: 'x' }, outcomes: { next: 'b' } },
        { id: 'b', type: 'say', settings: { text: 'y' }, outcomes: { next: 'a' } },
      ],
    };
    const turn = reduce(graph, start(graph), { kind: 'enter', fresh: true, messageId: null });
    expect(turn.state.status).toBe('failed');
    expect(turn.trace).toHaveLength(STEPS_PER_TURN);
  });

  it('does not change the state it is given', () => {
    const state = start(agentGraph);
    const copy = structuredClone(state);
    reduce(agentGraph, state, { kind: 'message', messageId: 'msg_1', text: 'a person please' });
    expect(state).toEqual(copy);
  });
});
