import { z } from 'zod';
import { defineStep, type StepResult } from '../step.ts';

/**
 * Waits for the next message and keeps its text in a variable. Where the flow opened with a text, that is the question:
 * messages that were sent before are no answers to it. A flow that begins with this step takes the message that started
 * the conversation.
 */
export const listenStep = defineStep({
  type: 'listen',
  title: 'Listen',
  summary: 'Waits for the next message and keeps its text in a variable',
  outcomes: ['next'],
  waits: true,
  settings: z.strictObject({
    variable: z
      .string()
      .regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/)
      .default('text'),
  }),
  advance(settings, view, input) {
    const waiting: StepResult = { effects: [], progress: { kind: 'wait' } };
    if (input.kind === 'enter')
      return { ...waiting, state: input.saidAt === undefined ? {} : { askedAt: input.saidAt } };
    if (input.kind !== 'message' || isBeforeQuestion(view.state['askedAt'], input.sentAt)) return waiting;
    return {
      effects: [],
      progress: { kind: 'leave', outcome: 'next' },
      variables: { [settings.variable]: input.text },
    };
  },
});

function isBeforeQuestion(askedAt: unknown, sentAt: number | undefined): boolean {
  return typeof askedAt === 'number' && sentAt !== undefined && sentAt <= askedAt;
}
