import { z } from 'zod';
import { defineStep } from '../step.ts';

/** Asks for a person; the run rests until the conversation is given back. */
export const handoffStep = defineStep({
  type: 'handoff',
  title: 'Hand off',
  summary: 'Asks for a person, who answers from then on',
  outcomes: ['returned'],
  waits: true,
  settings: z.strictObject({ reason: z.string().max(500).optional() }),
  advance(settings, _view, input) {
    if (input.kind === 'message') return { effects: [], progress: { kind: 'leave', outcome: 'returned' } };
    return { effects: [{ kind: 'handoff', reason: settings.reason ?? null }], progress: { kind: 'wait' } };
  },
});
