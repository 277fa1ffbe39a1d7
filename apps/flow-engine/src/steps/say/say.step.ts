import { z } from 'zod';
import { defineStep, textParts } from '../step.ts';
import { renderTemplate, templateProblem } from '../template.ts';

/** Says a text; `{{ variables.name }}` is filled in. */
export const sayStep = defineStep({
  type: 'say',
  title: 'Say',
  summary: 'Posts a text into the conversation',
  outcomes: ['next'],
  waits: false,
  settings: z.strictObject({
    text: z.string().min(1).max(10_000),
    format: z.enum(['plain', 'markdown']).default('plain'),
  }),
  problems({ text }) {
    const detail = templateProblem(text);
    return detail === null ? [] : [{ pointer: '/text', detail }];
  },
  advance(settings, view, input) {
    const text = renderTemplate(settings.text, view.variables);
    const { messageId } = input;
    return {
      effects: [{ kind: 'say', parts: textParts(text, settings.format), replyTo: messageId }],
      progress: { kind: 'leave', outcome: 'next' },
    };
  },
});
