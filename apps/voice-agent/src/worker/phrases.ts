import { asksToRepeat, usualPersonRequests, usualRepeatRequests } from '@parley/text';
import type { Phrase } from '../speech/port.ts';
import type { CallProfile } from './call-parts.ts';

/** Commands that every call understands, as they are usually said in a language. */
function commandsIn(language: string | undefined): Record<string, readonly string[]> {
  return { repeat: usualRepeatRequests(language), person: usualPersonRequests(language).slice(-2) };
}

/** Whether a turn asks to hear the last message again: done by the call itself. */
export function isRepeat(text: string, phraseId: string | null): boolean {
  return phraseId?.startsWith('command.repeat.') || asksToRepeat(text);
}

/** What a caller may say now: choices of the step at which the flow waits, suggested questions, commands. */
export function phrasesOf({ choices, suggestedQuestions, costly, voice }: CallProfile): Phrase[] {
  return [
    ...choices.map((text, index) => ({ id: `choice.${index}`, kind: 'choice' as const, text, costly })),
    ...suggestedQuestions.map((text, index) => ({
      id: `suggestion.${index}`,
      kind: 'suggestion' as const,
      text,
    })),
    ...Object.entries(commandsIn(voice?.language)).flatMap(([name, texts]) =>
      texts
        .filter((text) => !choices.includes(text))
        .map((text, index) => ({ id: `command.${name}.${index}`, kind: 'command' as const, text })),
    ),
  ];
}
