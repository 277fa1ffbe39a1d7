import { callPhrases, languageOf, type Translation } from '@parley/text';

/** What the voice says of its own accord: never part of the history. */
export type Prompts = Translation<(typeof callPhrases)['en']>;

/** The prompts of a language tag such as `de-AT`; English where the language has none. */
export function promptsFor(language: string | null): Prompts {
  return callPhrases[languageOf(language)];
}
