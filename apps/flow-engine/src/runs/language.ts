import { detectLanguage, type Language, languageOf } from '@parley/text';
import type { LoadedRun } from './runs.service.ts';
import type { TurnPayload } from './turn.ts';

/** Messages of the contact that are looked at, newest first, where the one that is answered does not tell its language. */
const EARLIER = 5;

/**
 * The language in which a turn is answered: the one in which the contact writes, else that of its channel or agent,
 * else English. A call is answered in the language of its voice.
 */
export function languageOfTurn(
  run: Pick<LoadedRun, 'agent' | 'state'> | null,
  payload: TurnPayload,
): Language {
  if (payload.kind !== 'message') return languageOfText(run, '');
  const { text, language, spoken } = payload;
  return spoken
    ? languageOf(language, run?.agent?.voice?.language, writtenLanguage(run, text))
    : languageOfText(run, text, language);
}

/**
 * The same for a text that was written.
 * @param told the language of the channel
 */
export function languageOfText(
  run: Pick<LoadedRun, 'agent' | 'state'> | null,
  text: string,
  told?: string,
): Language {
  return languageOf(writtenLanguage(run, text), told, run?.agent?.voice?.language);
}

function writtenLanguage(run: Pick<LoadedRun, 'state'> | null, text: string): Language | null {
  const earlier = (run?.state.history ?? []).filter(({ role }) => role === 'user').slice(-EARLIER);
  for (const one of [text, ...earlier.toReversed().map((turn) => turn.text)]) {
    const language = detectLanguage(one);
    if (language === 'other') return null;
    if (language) return language;
  }
  return null;
}
