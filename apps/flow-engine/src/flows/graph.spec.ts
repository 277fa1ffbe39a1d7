import type { Graph } from '@parley/contracts';
import { graphProblems, graphReferences } from './graph.ts';

type Step = Graph['steps'][number];

const step = (
  id: string,
  type: string,
  outcomes: Step['outcomes'] = {},
  settings: Step['settings'] = {},
): Step => ({
  ...{ id, type, outcomes },
  settings: type === 'say' ? { text: 'x', ...settings } : settings,
});
const graph = (...steps: Step[]): Graph => ({ start: steps[0]?.id ?? '', steps });
const cases = [{ outcome: 'yes', words: ['yes'] }];

describe('circles in which no step waits', () => {
  it.each([
    ['a step that leads to itself', graph(step('a', 'say', { next: 'a' })), ['"a" → "a"']],
    [
      'two steps',
      graph(step('a', 'say', { next: 'b' }), step('b', 'say', { next: 'a' })),
      ['"a" → "b" → "a"'],
    ],
    [
      'a way in, and a longer circle through a case',
      graph(
        step('in', 'listen', { next: 'a' }),
        step('a', 'say', { next: 'b' }),
        step('b', 'match', { other: 'end', yes: 'c' }, { cases }),
        step('c', 'say', { next: 'a' }),
        step('end', 'end'),
      ),
      ['"a" → "b" → "c" → "a"'],
    ],
    [
      'two circles through one step',
      graph(
        step('a', 'match', { yes: 'b', other: 'c' }, { cases }),
        step('b', 'say', { next: 'a' }),
        step('c', 'say', { next: 'a' }),
      ),
      ['"a" → "b" → "a"', '"a" → "c" → "a"'],
    ],
    [
      'steps that the start does not reach',
      graph(step('in', 'end'), step('a', 'say', { next: 'a' })),
      ['"a" → "a"'],
    ],
  ])('%s', (_name, given, ways) => {
    const problems = graphProblems(given);
    expect(problems.map(({ detail }) => /: (.*)\. Put/.exec(detail)?.[1])).toEqual(ways);
    for (const { pointer } of problems) expect(pointer).toMatch(/^\/draft\/steps\/\d\/outcomes\/\w+$/);
  });

  it.each(['listen', 'handoff'])('a %s step in the circle waits', (type) => {
    const waiting = step('b', type, { [type === 'listen' ? 'next' : 'returned']: 'a' });
    expect(graphProblems(graph(step('a', 'say', { next: 'b' }), waiting))).toEqual([]);
  });

  it('500 steps in a row are searched at once', () => {
    const steps = Array.from({ length: 500 }, (_, index) =>
      step(`s${index}`, 'say', { next: `s${(index + 1) % 500}` }),
    );
    expect(graphProblems(graph(...steps))).toHaveLength(1);
  });
});

describe('what cannot be published', () => {
  const listen = (...after: Step[]): Graph => graph(step('in', 'listen', { next: 'a' }), ...after);

  it('outcomes that a step does not have, also where objects inherit their name', () => {
    const given = listen(
      step('a', 'match', { yes: 'in', no: 'in', constructor: 'in', 'a/b~c': 'in' }, { cases }),
      step('b', 'end', { end: 'in' }),
    );
    expect(graphProblems(given)).toEqual([
      {
        pointer: '/draft/steps/1/outcomes/no',
        detail: 'is not an outcome of this step; it has "other", "yes"',
      },
      expect.objectContaining({ pointer: '/draft/steps/1/outcomes/constructor' }),
      expect.objectContaining({ pointer: '/draft/steps/1/outcomes/a~1b~0c' }),
      {
        pointer: '/draft/steps/2/outcomes/end',
        detail: 'is not an outcome of this step; it has none',
      },
    ]);
  });

  it.each([
    ['{{ variables.name', /not closed/],
    ['{% if %}x{% endif %}', /invalid value/],
    ['{% if variables.a %}x', /not closed/],
    ['{{ variables.name | shout }}', /undefined filter: shout/],
    ['{% dance %}', /tag "dance" not found/],
    ['{% include "package.json" %}', /tag "include" not found/],
    ['{% render "package.json" %}', /tag "render" not found/],
    ['{% layout "package.json" %}', /tag "layout" not found/],
  ])('broken Liquid: %s', (text, reason) => {
    const [problem, ...others] = graphProblems(listen(step('a', 'say', {}, { text })));
    expect(problem?.pointer).toBe('/draft/steps/1/settings/text');
    expect(problem?.detail).toMatch(reason);
    expect(others).toEqual([]);
  });

  it('two steps with one id: each later one is named', () => {
    expect(graphProblems(listen(step('a', 'end'), step('a', 'end')))).toMatchObject([
      { pointer: '/draft/steps/2/id' },
    ]);
  });

  it('good Liquid is no problem', () => {
    const text = 'Hi {{ variables.name | upcase | default: "you" }}{% if variables.a == "b" %}!{% endif %}';
    expect(graphProblems(listen(step('a', 'say', {}, { text })))).toEqual([]);
  });
});

it('a graph names the agents of its steps, with pointers', () => {
  const given = graph(step('a', 'agent', {}, { agentId: 'agent_1' }), step('b', 'agent'));
  expect(graphReferences(given)).toEqual([
    { kind: 'agent', id: 'agent_1', pointer: '/draft/steps/0/settings/agentId' },
  ]);
});
