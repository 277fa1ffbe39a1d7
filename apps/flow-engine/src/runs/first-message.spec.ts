import type { Graph } from '@parley/contracts';
import type { LoadedRun } from './runs.service.ts';
import { takeTurn, type SpokenPayload } from './turn-taking.ts';
import { afterTurn, isOver, takenTurn } from './turn-writer.ts';

const where = { conversationId: 'conv_1', responder: { agentId: null, flowId: 'flow_1' } };

type Step = Graph['steps'][number];
const say = (id: string, text: string, next: string): Step => ({
  ...{ id, type: 'say', settings: { text } },
  outcomes: { next },
});
const listen = (id: string, variable: string, next: string): Step => ({
  ...{ id, type: 'listen', settings: { variable } },
  outcomes: { next },
});
const end: Step = { id: 'end', type: 'end', settings: {}, outcomes: {} };
const match: Step = {
  ...{ id: 'match', type: 'match' },
  settings: { variable: 'wish', cases: [{ outcome: 'sales', words: ['sales'] }] },
  outcomes: { sales: 'sold', other: 'again' },
};

/** Asks for a name, then for a wish, and again until it is one of the known. */
const asksFirst: Graph = {
  start: 'who',
  steps: [
    say('who', 'Your name?', 'name'),
    listen('name', 'name', 'what'),
    say('what', 'Sales or support, {{ variables.name }}?', 'wish'),
    listen('wish', 'wish', 'match'),
    match,
    say('again', 'Sorry?', 'wish'),
    say('sold', 'Sold.', 'end'),
    end,
  ],
};
/** Takes what the conversation began with, and asks for more. */
const listensFirst: Graph = { ...asksFirst, start: 'name' };

function begin(graph: Graph): LoadedRun {
  return {
    ...{ spaceId: 'space_a', id: 'run_1', flowId: 'flow_1', versionNumber: 1, graph, agent: null, ...where },
    state: {
      ...{ status: 'running', stepId: graph.start, stepState: {}, variables: {}, history: [] },
      ...{ agent: null, language: 'en' },
    },
    nextNo: 1,
    revision: null,
  };
}

type Input = 'start' | { text: string; sentAt?: number };

/** Plays inputs, each taken at a time of its own: the question of turn `n` is asked at `100 * n`. */
function play(run: LoadedRun, inputs: readonly Input[], firstTurn = 1): { run: LoadedRun; said: string[] } {
  const said: string[] = [];
  let current = run;
  for (const [index, input] of inputs.entries()) {
    const payload: SpokenPayload =
      input === 'start'
        ? { kind: 'start', ...where }
        : { kind: 'message', messageId: `msg_${index}`, replyId: `msg_r${index}`, ...input, ...where };
    if (isOver(current.state.status)) break;
    const turn = takeTurn(current, payload, 100 * (index + firstTurn));
    said.push(
      ...turn.effects.flatMap((effect) =>
        effect.kind === 'say' && effect.parts[0]?.type === 'text' ? [effect.parts[0].text] : [],
      ),
    );
    const taken = takenTurn(current, { turn, payload, startedAt: new Date(0), attempt: 1 });
    current = { ...afterTurn(taken), revision: '1' };
  }
  return { run: current, said };
}

const variablesAfter = (graph: Graph, inputs: readonly Input[]) =>
  play(begin(graph), inputs).run.state.variables;

describe('the message that starts a conversation', () => {
  it('is no answer to the question that is asked after it, and stays in the history', () => {
    const { run, said } = play(begin(asksFirst), [
      'start',
      { text: 'Hi', sentAt: 50 },
      { text: 'Sam', sentAt: 250 },
    ]);
    expect(said).toEqual(['Your name?', 'Sales or support, Sam?']);
    expect(run.state.variables).toEqual({ name: 'Sam' });
    expect(run.state.history.map(({ text }) => text)).toEqual([
      'Your name?',
      'Hi',
      'Sam',
      'Sales or support, Sam?',
    ]);
  });

  it('is no answer where it begins the run by itself, as after a run that ended', () => {
    const { run, said } = play(begin(asksFirst), [
      { text: 'Hi', sentAt: 90 },
      { text: 'Sam', sentAt: 150 },
    ]);
    expect(said).toEqual(['Your name?', 'Sales or support, Sam?']);
    expect(run.state.variables).toEqual({ name: 'Sam' });
  });

  it('is taken by a flow that begins by listening', () => {
    expect(variablesAfter(listensFirst, ['start', { text: 'Sam', sentAt: 50 }])).toEqual({ name: 'Sam' });
    expect(variablesAfter(listensFirst, [{ text: 'Sam', sentAt: 50 }])).toEqual({ name: 'Sam' });
  });

  it('is taken by a flow that listens behind steps that say nothing', () => {
    const quiet: Step = { ...match, outcomes: { other: 'name' } };
    const graph: Graph = { ...asksFirst, start: 'match', steps: [quiet, listen('name', 'name', 'end'), end] };
    expect(variablesAfter(graph, ['start', { text: 'Sam', sentAt: 50 }])).toEqual({ name: 'Sam' });
  });

  it('is answered by an agent that follows a text', () => {
    const agent: Step = { id: 'a', type: 'agent', settings: {}, outcomes: {} };
    const graph: Graph = { start: 'hello', steps: [say('hello', 'Welcome.', 'a'), agent] };
    const { run } = play(begin(graph), ['start']);
    const asked = takeTurn(
      run,
      { kind: 'message', messageId: 'm', replyId: 'r', text: 'How?', sentAt: 50, ...where },
      200,
    );
    expect(asked.question?.text).toBe('How?');
  });
});

describe('messages sent before the opening question', () => {
  it('are no answers to it, however many there are and whenever they are taken', () => {
    const early: Input[] = [
      { text: 'Hi', sentAt: 10 },
      { text: 'Anyone?', sentAt: 60 },
      { text: 'Hm', sentAt: 100 },
    ];
    expect(variablesAfter(asksFirst, ['start', ...early])).toEqual({});
    expect(variablesAfter(asksFirst, ['start', ...early, { text: 'Sam', sentAt: 101 }])).toEqual({
      name: 'Sam',
    });
  });

  it('are taken once the conversation goes on: each message is heard', () => {
    const quick: Input[] = [
      { text: 'Sam', sentAt: 150 },
      { text: 'dunno', sentAt: 160 },
      { text: 'sales', sentAt: 170 },
    ];
    expect(play(begin(asksFirst), ['start', ...quick]).said).toEqual([
      'Your name?',
      'Sales or support, Sam?',
      'Sorry?',
      'Sold.',
    ]);
    expect(play(begin(listensFirst), [{ text: 'Sam', sentAt: 10 }, ...quick.slice(1)]).said).toHaveLength(3);
  });

  it('are taken where nothing was asked in between', () => {
    const graph: Graph = { start: 'a', steps: [listen('a', 'one', 'b'), listen('b', 'two', 'end'), end] };
    const inputs: Input[] = ['start', { text: 'x', sentAt: 10 }, { text: 'y', sentAt: 20 }];
    expect(variablesAfter(graph, inputs)).toEqual({ one: 'x', two: 'y' });
  });

  it('are answers where their time is not known, and in runs that waited before times were kept', () => {
    expect(variablesAfter(asksFirst, ['start', { text: 'Sam' }])).toEqual({ name: 'Sam' });
    const waiting = play(begin(asksFirst), ['start']).run;
    const old = { ...waiting, state: { ...waiting.state, stepState: {} } };
    expect(play(old, [{ text: 'Sam', sentAt: 5 }], 2).run.state.variables).toEqual({ name: 'Sam' });
  });
});
