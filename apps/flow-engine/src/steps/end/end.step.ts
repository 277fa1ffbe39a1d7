import { z } from 'zod';
import { defineStep } from '../step.ts';

/** Ends the run. */
export const endStep = defineStep({
  type: 'end',
  title: 'End',
  summary: 'Ends the flow',
  outcomes: [],
  waits: false,
  settings: z.strictObject({}),
  advance: () => ({ effects: [], progress: { kind: 'leave', outcome: 'end' } }),
});
