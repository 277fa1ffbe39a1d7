import { Liquid } from 'liquidjs';
import { z } from 'zod';
import { defineStep, textParts } from '../step.ts';

const liquid = new Liquid({
  ownPropertyOnly: true,
  renderLimit: 50,
  memoryLimit: 100_000,
  parseLimit: 20_000,
});

/** Says a text; `{{ variables.name }}` is filled in. */
export const sayStep = defineStep({
  type: 'say',
  title: 'Say',
  summary: 'Posts a text into the conversation',
  outcomes: ['next'],
  settings: z.strictObject({
    text: z.string().min(1).max(10_000),
    format: z.enum(['plain', 'markdown']).default('plain'),
  }),
  advance(settings, view, input) {
    const text = liquid.parseAndRenderSync(settings.text, { variables: view.variables });
    const { messageId } = input;
    return {
      effects: [{ kind: 'say', parts: textParts(text, settings.format), replyTo: messageId }],
      progress: { kind: 'leave', outcome: 'next' },
    };
  },
});
