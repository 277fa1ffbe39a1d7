import { wordMatcher } from '@parley/text';
import { z } from 'zod';
import { defineStep } from '../step.ts';

const Case = z.strictObject({
  outcome: z.string().min(1).max(64),
  words: z.array(z.string().min(1).max(100)).min(1).max(50),
});

/** Leaves by the first case one of whose phrases has all its words in the variable, else by `other`. */
export const matchStep = defineStep({
  type: 'match',
  title: 'Match',
  summary: 'Chooses the way by words in a variable',
  outcomes: ['other'],
  waits: false,
  settings: z.strictObject({
    variable: z.string().min(1).max(64).default('text'),
    cases: z.array(Case).min(1).max(50),
    /** Whether a wrong choice costs something: in a call, only words that were heard for certain choose. */
    costly: z.boolean().optional(),
  }),
  advance(settings, view) {
    const text = view.variables[settings.variable];
    const holds = wordMatcher(typeof text === 'string' ? text : '');
    const found = settings.cases.find((one) => one.words.some((phrase) => holds(phrase)));
    return { effects: [], progress: { kind: 'leave', outcome: found?.outcome ?? 'other' } };
  },
  outcomesOf: ({ cases }) => cases.map(({ outcome }) => outcome),
  choices(settings) {
    const phrases = settings.cases.flatMap((one) => one.words);
    return { phrases: [...new Set(phrases)], costly: settings.costly ?? false };
  },
});
