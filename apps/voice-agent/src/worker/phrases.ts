import type { Phrase } from '../speech/port.ts';
import type { CallProfile } from './call-parts.ts';

/** Commands that every call understands: what is said, and what it means. */
const commands: Record<string, readonly string[]> = {
  repeat: ['repeat', 'please repeat', 'say that again'],
  person: ['a person', 'I want to talk to a person'],
};

/** Whether what was heard asks to hear the last message again: done by the call itself. */
export function isRepeat(phraseId: string): boolean {
  return phraseId.startsWith('command.repeat.');
}

/** What a caller may say now: choices of the step at which the flow waits, suggested questions, commands. */
export function phrasesOf({ choices, suggestedQuestions, costly }: CallProfile): Phrase[] {
  return [
    ...choices.map((text, index) => ({ id: `choice.${index}`, kind: 'choice' as const, text, costly })),
    ...suggestedQuestions.map((text, index) => ({
      id: `suggestion.${index}`,
      kind: 'suggestion' as const,
      text,
    })),
    ...Object.entries(commands).flatMap(([name, texts]) =>
      texts.map((text, index) => ({ id: `command.${name}.${index}`, kind: 'command' as const, text })),
    ),
  ];
}
