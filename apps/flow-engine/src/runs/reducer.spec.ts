import { type Graph, PartSchema } from '@parley/contracts';
import { reduce, type RunState, STEPS_PER_TURN } from './reducer.ts';

const agent = { id: 'agent_1', name: 'Ada', greeting: 'Hello!' };

function start(graph: Graph): RunState {
  return {
    status: 'running',
    stepId: graph.start,
    stepState: {},
    variables: {},
    history: [],
    agent,
    language: 'en',
  };
}

const agentGraph: Graph = { start: 'a', steps: [{ id: 'a', type: 'agent', settings: {}, outcomes: {} }] };

describe('reduce', () => {
  it('greets once at the start and then waits', () => {
    const turn = reduce(agentGraph, start(agentGraph), { kind: 'enter', fresh: true, messageId: null });
    expect(turn.effects).toEqual([
      {
        kind: 'say',
        parts: [{ type: 'text', text: 'Hello!', format: 'plain' }],
        replyTo: null,
        isGreeting: true,
      },
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
    const given = { kind: 'answer' as const, messageId: 'msg_1', answer, replyId: 'msg_2' };
    const told = reduce(agentGraph, asked.state, given);
    expect(told.effects).toMatchObject([
      { kind: 'say', messageId: 'msg_2', replyTo: 'msg_1', parts: [{ text: 'Run it.' }] },
    ]);
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

  it.each([
    ['de', 'Ich möchte mit einem Menschen sprechen', /Team/],
    ['es', 'quiero hablar con un agente', /equipo/],
    ['fr', 'Passez-moi un conseiller', /équipe/],
    ['hi', 'किसी व्यक्ति से बात कराइए', /टीम/],
    ['ar', 'أريد التحدث مع موظف', /فريقنا/],
  ] as const)('hands off in %s', (language, text, said) => {
    const state = { ...start(agentGraph), language };
    const turn = reduce(agentGraph, state, { kind: 'message', messageId: 'msg_1', text });
    expect(turn.effects).toMatchObject([
      { kind: 'say', parts: [{ text: expect.stringMatching(said) }] },
      { kind: 'handoff' },
    ]);
  });

  it.each(['How can someone reset the hub?', 'Can people see my profile?', 'Personne ne répond'])(
    'asks for an answer to "%s", which names a person by the way',
    (text) => {
      const turn = reduce(agentGraph, start(agentGraph), { kind: 'message', messageId: 'msg_1', text });
      expect(turn.question).toEqual({ agentId: null, text });
    },
  );

  it.each(['Ja, bitte', 'sí', 'D’accord !', 'हाँ जी', 'نعم'])('takes "%s" as an acceptance', (text) => {
    const offered = { ...start(agentGraph), stepState: { offered: true } };
    const turn = reduce(agentGraph, offered, { kind: 'message', messageId: 'msg_2', text });
    expect(turn.state.status).toBe('handed_off');
  });

  it.each(['No, thanks', 'Nein danke', 'नहीं', 'لا شكرا'])(
    'takes "%s" as a refusal of what it offered',
    (text) => {
      const no = { kind: 'message' as const, messageId: 'msg_2', text };
      expect(reduce(agentGraph, start(agentGraph), no).question).not.toBeNull();
      const refused = reduce(agentGraph, { ...start(agentGraph), stepState: { offered: true } }, no);
      expect(refused.effects).toMatchObject([
        { kind: 'say', parts: [{ text: expect.stringContaining('anything else') }] },
      ]);
      expect(refused.state).toMatchObject({ status: 'waiting', stepState: { offered: false } });
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

  it('ends a graph that circles without waiting as failed, and says nothing of it but an apology', () => {
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
    expect(turn.effects).toMatchObject([
      { kind: 'say', parts: [{ text: expect.stringContaining('person') }] },
    ]);
    expect(turn.failure).toContain('without waiting');
  });

  it.each([
    ['a step of an unknown type', { id: 'b', type: 'dance', settings: {}, outcomes: {} }],
    ['settings that do not fit', { id: 'b', type: 'say', settings: { words: 'x' }, outcomes: {} }],
  ])('fails at %s, and posts nothing of what came before it', (_name, step) => {
    const first = { id: 'a', type: 'say', settings: { text: 'Half a turn.' }, outcomes: { next: 'b' } };
    const graph: Graph = { start: 'a', steps: [first, step] };
    const turn = reduce(graph, start(graph), { kind: 'enter', fresh: false, messageId: 'msg_1' });
    expect(turn.state.status).toBe('failed');
    expect(JSON.stringify(turn.effects)).not.toContain('Half a turn');
    expect(turn.effects).toMatchObject([{ kind: 'say', replyTo: 'msg_1' }]);
  });

  it('follows no outcome that only the prototype of objects has', () => {
    const settings = { cases: [{ outcome: 'constructor', words: ['hello'] }] };
    const match = { id: 'b', type: 'match', settings, outcomes: { other: 'a' } };
    const listen = { id: 'a', type: 'listen', settings: {}, outcomes: { next: 'b' } };
    const graph: Graph = { start: 'a', steps: [listen, match] };
    const turn = reduce(graph, start(graph), { kind: 'message', messageId: 'msg_1', text: 'hello' });
    expect(turn.state).toMatchObject({ status: 'completed', stepId: null });
  });

  it('says only what can be stored: no empty message, no half characters, nothing too long', () => {
    const say = (id: string, text: string, next?: string): Graph['steps'][number] => ({
      ...{ id, type: 'say', settings: { text } },
      outcomes: next === undefined ? {} : { next },
    });
    const graph: Graph = {
      start: 'a',
      steps: [
        say('a', '{{ variables.missing }} ', 'b'),
        say('b', '{{ variables.face | slice: 0, 1 }}!', 'c'),
        say('c', '{% for i in (1..9) %}{{ variables.long }}{% endfor %}', 'd'),
        say('d', '{{ variables.family }}'),
      ],
    };
    const family = '👨‍👩‍👧‍👦';
    const variables = { face: '\u{1f600}', long: 'long '.repeat(1000), family: family.repeat(3000) };
    const turn = reduce(
      graph,
      { ...start(graph), variables },
      { kind: 'enter', fresh: true, messageId: null },
    );
    const said = turn.effects.flatMap((effect) => (effect.kind === 'say' ? effect.parts : []));
    expect(said).toHaveLength(3);
    expect(said[2]).toMatchObject({ text: expect.stringMatching(new RegExp(`^(?:${family})+…$`)) });
    for (const part of said) expect(PartSchema.safeParse(part).success).toBe(true);
    expect(JSON.stringify(said)).not.toContain(String.raw`\ud83d`);
  });

  it('does not change the state it is given', () => {
    const state = start(agentGraph);
    const copy = structuredClone(state);
    reduce(agentGraph, state, { kind: 'message', messageId: 'msg_1', text: 'a person please' });
    expect(state).toEqual(copy);
  });
});
