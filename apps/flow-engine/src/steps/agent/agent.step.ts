import {
  acceptsOffer,
  asksForPerson,
  declinesOffer,
  flowPhrases,
  type Language,
  phrase,
  usualConsents,
  usualPersonRequests,
} from '@parley/text';
import { z } from 'zod';
import { defineStep, type StepInput, type StepResult, type StepView, textParts } from '../step.ts';

function greet(view: StepView, fresh: boolean): StepResult {
  const greeting = fresh ? view.agent?.greeting : null;
  return {
    effects: greeting ? [{ kind: 'say', parts: textParts(greeting), replyTo: null, isGreeting: true }] : [],
    progress: { kind: 'wait' },
    state: { offered: false },
  };
}

function handOff(messageId: string, language: Language): StepResult {
  return {
    effects: [
      { kind: 'say', parts: textParts(phrase(flowPhrases, language, 'handoff')), replyTo: messageId },
      { kind: 'handoff', reason: 'The contact asked for a person.' },
    ],
    progress: { kind: 'wait' },
    state: { offered: false },
  };
}

function offerDeclined(messageId: string, language: Language): StepResult {
  const text = phrase(flowPhrases, language, 'offerDeclined');
  return {
    effects: [{ kind: 'say', parts: textParts(text), replyTo: messageId }],
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
    state: { offered: answer.declined },
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
    const { messageId, text } = input;
    const isOffered = view.state['offered'] === true;
    if (asksForPerson(text) || (isOffered && acceptsOffer(text))) return handOff(messageId, view.language);
    if (isOffered && declinesOffer(text)) return offerDeclined(messageId, view.language);
    return {
      effects: [],
      progress: { kind: 'ask', agentId: settings.agentId ?? null, question: text },
    };
  },
  references({ agentId }) {
    return agentId === undefined ? [] : [{ kind: 'agent', id: agentId, pointer: '/agentId' }];
  },
  choices(_settings, state, language) {
    // Both kinds are understood by the text library; what a closed list lacks cannot be heard.
    const asking = usualPersonRequests(language).slice(0, 2);
    const { yes, no } = usualConsents(language);
    return { phrases: state['offered'] === true ? [...yes, ...no, ...asking] : asking, costly: false };
  },
});
