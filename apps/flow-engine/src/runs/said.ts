import type { Part } from '@parley/contracts';
import { truncate } from '@parley/text';
import type { StepEffect } from '../steps/step.ts';

/** Longest text of one part of a message, in UTF-16 units; see `PartSchema`. */
const MAX_TEXT = 32_000;

/**
 * The effects of a step as they can be stored: a text that is too long is cut, one that is no text is mended, and a
 * message without any text is left out. Whatever a template or a model makes of a text, its turn can be written.
 *
 * @param messageId the id of the first message, where it was drawn before
 */
export function postable(effects: readonly StepEffect[], messageId?: string): StepEffect[] {
  let drawn = messageId;
  return effects.flatMap((effect): StepEffect[] => {
    if (effect.kind !== 'say') return [effect];
    const parts = effect.parts.flatMap(postablePart);
    if (parts.length === 0) return [];
    const said = drawn === undefined ? { ...effect, parts } : { ...effect, parts, messageId: drawn };
    drawn = undefined;
    return [said];
  });
}

function postablePart(part: Part): Part[] {
  if (part.type !== 'text') return [part];
  const whole = part.text.replaceAll('\0', '').toWellFormed();
  const text = truncate(whole, MAX_TEXT);
  return text.trim() === '' ? [] : [{ ...part, text }];
}
