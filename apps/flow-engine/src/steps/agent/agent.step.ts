import { z } from 'zod';
import { defineStep, type StepInput, type StepResult, type StepView, textParts } from '../step.ts';
import { acceptsOffer, asksForPerson } from './person.ts';

/** What is said in a call to be given a person; both are understood by `person.ts`. */
const ASKING = ['talk to a person', 'speak to a person'];
const ACCEPTING = ['yes', 'yes please', 'no', 'no thank you', ...ASKING];

const HANDOFF_TEXT = 'I am asking a person to join this conversation. They will answer you here.';

function greet(view: StepView, fresh: boolean): StepResult {
  const greeting = fresh ? view.agent?.greeting : null;
  return {
    effects: greeting ? [{ kind: 'say', parts: textParts(greeting), replyTo: null }] : [],
    progress: { kind: 'wait' },
    state: { offered: false },
  };
}

function handOff(messageId: string): StepResult {
  return {
    effects: [
      { kind: 'say', parts: textParts(HANDOFF_TEXT), replyTo: messageId },
      { kind: 'handoff', reason: 'The contact asked for a person.' },
    ],
    progress: { kind: 'wait' },
    state: { offered: false },
  };
}

function reply(input: Extract<StepInput, { kind: 'answer' }>): StepResult {
  const { answer, messageId } = input;
  return {
    effects: [
      {
        kind: 'say',
        parts: textParts(answer.text, answer.format),
        citations: answer.citations,
        replyTo: messageId,
      },
    ],
    progress: { kind: 'wait' },
    state: { offered: answer.declined || answer.failure !== null },
  };
}

/** An agent greets, then answers every message, and asks for a person when it is asked to. */
export const agentStep = defineStep({
  type: 'agent',
  title: 'Agent',
  summary: 'An agent answers every message until it is asked for a person',
  outcomes: [],
  waits: true,
  settings: z.strictObject({ agentId: z.string().max(64).optional() }),
  advance(settings, view, input) {
    if (input.kind === 'enter') return greet(view, input.fresh);
    if (input.kind === 'answer') return reply(input);
    const accepted = view.state['offered'] === true && acceptsOffer(input.text);
    if (accepted || asksForPerson(input.text)) return handOff(input.messageId);
    return {
      effects: [],
      progress: { kind: 'ask', agentId: settings.agentId ?? null, question: input.text },
    };
  },
  references({ agentId }) {
    return agentId === undefined ? [] : [{ kind: 'agent', id: agentId, pointer: '/agentId' }];
  },
  choices(_settings, state) {
    return { phrases: state['offered'] === true ? ACCEPTING : ASKING, costly: false };
  },
});
