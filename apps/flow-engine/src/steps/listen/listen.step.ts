import { z } from 'zod';
import { defineStep } from '../step.ts';

/** Waits for the next message and keeps its text in a variable. */
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
  advance(settings, _view, input) {
    if (input.kind !== 'message') return { effects: [], progress: { kind: 'wait' } };
    return {
      effects: [],
      progress: { kind: 'leave', outcome: 'next' },
      variables: { [settings.variable]: input.text },
    };
  },
});
