import type { Graph } from '@parley/contracts';
import { z } from 'zod';
import { registerSteps } from '../steps/registry.ts';
import { type Answer, defineStep, textParts } from '../steps/step.ts';
import { STEPS_PER_TURN, type Turn } from './reducer.ts';
import type { LoadedRun } from './runs.service.ts';
import type { NewTurn } from './turn.ts';
import { TurnBatch } from './turn-batch.ts';
import { playTurn, type SpokenPayload } from './turn-taking.ts';
import { afterTurn, isOver, takenTurn } from './turn-writer.ts';

/** Steps that need an answer as soon as they are entered, and say it, or only keep it. */
const asking = (type: string, speaks: boolean) =>
  defineStep({
    ...{ type, title: type, summary: type, outcomes: ['next'], waits: false },
    settings: z.strictObject({}),
    advance({}, { step }, input) {
      if (input.kind !== 'answer')
        return { effects: [], progress: { kind: 'ask', agentId: null, question: `${step.id}?` } };
      const said = { kind: 'say' as const, parts: textParts(input.answer.text), replyTo: input.messageId };
      return {
        effects: speaks ? [said] : [],
        progress: { kind: 'leave', outcome: 'next' },
        variables: { [step.id]: input.answer.text },
      };
    },
  });
registerSteps([asking('test_ask', true), asking('test_keep', false)]);

const kinds = ['say', 'listen', 'match', 'agent', 'handoff', 'end', 'test_ask', 'test_keep'] as const;
type Kind = (typeof kinds)[number];

const settingsOf: Partial<Record<Kind, Graph['steps'][number]['settings']>> = {
  match: { cases: [{ outcome: 'yes', words: ['hello'] }] },
};

/** The steps one after another; every outcome leads to the next. */
function chainOf(chain: readonly Kind[]): Graph {
  const steps = chain.map((type, index) => {
    const next = `s${index + 1}`;
    const outcomes: Record<string, string> =
      index + 1 === chain.length ? {} : { next, yes: next, other: next, returned: next };
    const settings = type === 'say' ? { text: `said by s${index}` } : (settingsOf[type] ?? {});
    return { id: `s${index}`, type, settings, outcomes };
  });
  return { start: 's0', steps };
}

function* chains(length: number): Generator<Kind[]> {
  if (length === 0) yield [];
  else for (const rest of chains(length - 1)) for (const kind of kinds) yield [...rest, kind];
}

const responder = { agentId: null, flowId: 'flow_1' };
const where = { conversationId: 'conv_1', responder };

function begin(graph: Graph): LoadedRun {
  return {
    ...{ spaceId: 'space_a', id: 'run_1', flowId: 'flow_1', versionNumber: 1, graph, agent: null, ...where },
    state: {
      ...{ status: 'running', stepId: graph.start, stepState: {}, variables: {}, history: [] },
      agent: { id: 'agent_1', name: 'Ada', greeting: 'Welcome.' },
      language: 'en',
    },
    nextNo: 1,
    revision: null,
  };
}

const start: SpokenPayload = { kind: 'start', replyId: 'msg_start00000000000000000', ...where };
const message = (number: number): SpokenPayload => ({
  ...{ kind: 'message', messageId: `msg_${number}`, text: 'Hello you', ...where },
  replyId: `msg_reply${number}000000000000000000`,
});

/** What a turn asked, and the ids that its answers were promised. */
interface Asked {
  question: string;
  replyId: string;
}

async function play(run: LoadedRun, payload: SpokenPayload): Promise<{ turn: Turn; asked: Asked[] }> {
  const asked: Asked[] = [];
  const turn = await playTurn(run, payload, async ({ text }, { replyId }): Promise<Answer> => {
    asked.push({ question: text, replyId });
    return { text: `answer ${replyId}`, format: 'plain', citations: [], declined: false, failure: null };
  });
  return { turn, asked };
}

const saidBy = (turn: Turn) => turn.effects.filter((effect) => effect.kind === 'say');

/** Everything that has to hold of any turn, whatever its steps. */
function expectWhole(
  run: LoadedRun,
  payload: SpokenPayload,
  { turn, asked }: Awaited<ReturnType<typeof play>>,
) {
  expect(['waiting', 'completed', 'handed_off']).toContain(turn.state.status);
  expect(turn.question).toBeNull();
  expect(turn.failure).toBeNull();
  const { record } = takenTurn(run, { turn, payload, startedAt: new Date(0), attempt: 1 });
  // No effect is lost between the steps and what is written, and none is doubled.
  expect(turn.trace.reduce((sum, line) => sum + line.effects, 0)).toBe(turn.effects.length);
  expect(new Set(record.messageIds).size).toBe(saidBy(turn).length);
  // Every question has one answer, which reached the step that asked, under the id that its tokens had.
  const answered = turn.trace.filter(({ input }) => input.kind === 'answer');
  expect(answered.map(({ input }) => (input.kind === 'answer' ? input.replyId : null))).toEqual(
    asked.map(({ replyId }) => replyId),
  );
  for (const [index, effect] of saidBy(turn).entries()) {
    const [part] = effect.parts;
    const text = part?.type === 'text' ? part.text : '';
    if (text.startsWith('answer ')) expect(`answer ${record.messageIds[index]}`).toBe(text);
  }
  expect(new Set(asked.map(({ replyId }) => replyId)).size).toBe(asked.length);
}

/** The steps that a run passes by itself, from its place on: the oracle beside the reducer. */
function saidTexts(turn: Turn): string[] {
  return saidBy(turn).map(({ parts }) => (parts[0]?.type === 'text' ? parts[0].text : ''));
}

describe('chains of steps', () => {
  it.each([
    ['begun by itself', [start, message(1), message(2), message(3)]],
    ['begun by a message', [message(1), message(2), message(3)]],
  ])('%s: each turn ends, says everything once, and drops no question', async (_name, payloads) => {
    let played = 0;
    for (const length of [1, 2, 3]) {
      for (const chain of chains(length)) {
        let run = begin(chainOf(chain));
        const said: string[] = [];
        const asked: string[] = [];
        for (const payload of payloads) {
          if (isOver(run.state.status)) break;
          const came = await play(run, payload);
          expectWhole(run, payload, came);
          said.push(...saidTexts(came.turn));
          asked.push(...came.asked.map(({ question }) => question));
          const taken = takenTurn(run, { turn: came.turn, payload, startedAt: new Date(0), attempt: 1 });
          run = { ...afterTurn(taken), revision: '1' };
          played += 1;
        }
        // Up to the first step that keeps a run for good, each says or asks exactly once; an agent is asked as often as it is written to.
        const last = chain.findIndex((kind) => kind === 'agent' || kind === 'end');
        const passed = chain.slice(0, last === -1 ? chain.length : last);
        const reached =
          passed.filter((kind) => kind === 'listen' || kind === 'handoff').length < payloads.length;
        if (!reached) continue;
        passed.forEach((kind, index) => {
          if (kind === 'say') expect(said.filter((text) => text === `said by s${index}`)).toHaveLength(1);
          if (kind.startsWith('test_')) expect(asked.filter((text) => text === `s${index}?`)).toHaveLength(1);
        });
      }
    }
    expect(played).toBeGreaterThan(500);
  });

  it('a turn of a batch that asks is left to a task as a whole, at its start too', async () => {
    for (const chain of chains(2)) {
      const run = begin(chainOf(chain));
      const batch = new TurnBatch(new Map([['space_a/conv_1:flow_1', run]]), new Set());
      const turn: NewTurn = { queue: 'turn', id: 'turn_1', key: 'k', spaceId: 'space_a', payload: start };
      await batch.take(turn);
      const asks = chain[0]?.startsWith('test_') || (passes(chain[0]) && chain[1]?.startsWith('test_'));
      expect([chain, batch.later.length, batch.taken.length]).toEqual([chain, asks ? 1 : 0, asks ? 0 : 1]);
    }
  });

  it('asking in a circle ends as failed, and posts only an apology', async () => {
    const graph = chainOf(['test_ask', 'test_ask']);
    for (const step of graph.steps) step.outcomes = { next: step.id === 's0' ? 's1' : 's0' };
    const { turn } = await play(begin(graph), message(1));
    expect(turn.state.status).toBe('failed');
    expect(turn.trace.length).toBeLessThanOrEqual(STEPS_PER_TURN + 1);
    expect(turn.effects).toMatchObject([{ kind: 'say', replyTo: 'msg_1' }]);
  });
});

const passes = (kind: Kind | undefined): boolean => kind === 'say' || kind === 'match';
