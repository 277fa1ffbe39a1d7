import { asksForPerson } from '@parley/text';
import type { CallProfile } from './call-parts.ts';
import { isRepeat, phrasesOf } from './phrases.ts';
import { promptsFor } from './prompts.ts';

const profile = (language: string | null, choices: string[] = []): CallProfile => ({
  ...{
    agentId: null,
    agentName: 'Ada',
    greeting: null,
    choices,
    suggestedQuestions: ['When?'],
    costly: true,
  },
  voice: language === null ? null : { language },
});
const textsOf = (language: string | null, choices?: string[]): string[] =>
  phrasesOf(profile(language, choices)).map(({ text }) => text);

test('the commands of a call are in the language of its voice', () => {
  expect(textsOf(null)).toEqual([
    'When?',
    'repeat',
    'please repeat',
    'say that again',
    'a person',
    'I want to talk to a person',
  ]);
  for (const language of ['de-CH', 'es', 'fr', 'hi', 'ar']) {
    const texts = textsOf(language).slice(1);
    expect(texts.filter((text) => isRepeat(text, null))).toHaveLength(3);
    expect(texts.filter(asksForPerson)).toHaveLength(2);
  }
});

test('what a step understands already is no command as well', () => {
  const texts = textsOf('hi', textsOf('hi').slice(-2));
  expect(new Set(texts).size).toBe(texts.length);
});

test('a request to repeat is understood by its phrase or by its words', () => {
  expect(isRepeat('anything', 'command.repeat.1')).toBe(true);
  expect(isRepeat('Könnten Sie das bitte? Noch einmal, bitte!', null)).toBe(false);
  expect(isRepeat('Noch einmal, bitte!', null)).toBe(true);
  expect(isRepeat('Repeat the order', 'choice.0')).toBe(false);
});

test('prompts are there in six languages, and in English for others', () => {
  const said = ['de', 'es', 'fr', 'hi', 'ar-EG'].map((language) => promptsFor(language).stillThere);
  expect(new Set([...said, promptsFor('en').stillThere]).size).toBe(6);
  expect(promptsFor('nl')).toBe(promptsFor(null));
});
