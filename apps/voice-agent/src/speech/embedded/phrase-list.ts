import { truncate } from '@parley/text';
import type { EngineCalls, Phrase } from '../port.ts';
import type { Pronunciation, RecognizerRequest, SynthesizerRequest } from './requests.ts';

/** More phrases than this are no list that a caller could know, and slow to search. */
const MAX_PHRASES = 200;
const MAX_PHRASE_LENGTH = 300;

/** A phrase as the recogniser takes it. */
export interface ListedPhrase {
  readonly phrase: Phrase;
  /** Words of the dictionary, separated by single spaces. */
  readonly words: string;
}

/** Both engines: the voice knows how words sound that the dictionary lacks. */
export interface Engines {
  readonly recognizer: EngineCalls;
  readonly synthesizer: EngineCalls;
}

/** Makes phrases recognisable. Of phrases that sound alike the first stays; what cannot be said is left out. */
export async function listPhrases(phrases: readonly Phrase[], engines: Engines): Promise<ListedPhrase[]> {
  const spoken = phrases
    .slice(0, MAX_PHRASES)
    .map((phrase) => ({ phrase, words: wordsOf(truncate(phrase.text, MAX_PHRASE_LENGTH, '')) }));
  const names = await learnWords(new Set(spoken.flatMap(({ words }) => words)), engines);
  const listed = new Map<string, ListedPhrase>();
  for (const { phrase, words } of spoken) {
    const known = words.map((word) => names.get(word) ?? '').filter((word) => word !== '');
    const key = known.join(' ');
    if (key !== '' && !listed.has(key)) listed.set(key, { phrase, words: key });
  }
  return [...listed.values()];
}

/** The words of a text as they are said: without punctuation, numbers and signs kept. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .replace(/[’ʼ]/g, "'")
      .toLowerCase()
      .match(/[$€£#]?[\p{L}\p{N}]+(?:[.:,'][\p{L}\p{N}]+)*%?/gu) ?? []
  );
}

/** The dictionary's name of each word; a word it lacks gets a pronunciation from the voice, and a name of its own. */
async function learnWords(words: ReadonlySet<string>, engines: Engines): Promise<Map<string, string>> {
  const plain = [...words].filter((word) => /^[a-z']+$/.test(word));
  const ask = (request: RecognizerRequest): Promise<string[]> => engines.recognizer.call(request);
  const unknown = new Set(await ask({ kind: 'unknown', words: plain }));
  const names = new Map(plain.filter((word) => !unknown.has(word)).map((word) => [word, word]));
  const missing = [...words].filter((word) => !names.has(word));
  if (missing.length === 0) return names;
  const request: SynthesizerRequest = { kind: 'pronounce', words: missing };
  const phones = await engines.synthesizer.call<string[]>(request);
  const learned: Pronunciation[] = [];
  for (const [index, word] of missing.entries()) {
    const said = phones[index] ?? '';
    names.set(word, said === '' ? '' : nameOf(word));
    if (said !== '') learned.push({ word: nameOf(word), phones: said });
  }
  await ask({ kind: 'learn', pronunciations: learned });
  return names;
}

// Grammars take few signs in a word, so every other one is spelled by its code.
function nameOf(word: string): string {
  return `said_${[...word].map((sign) => (/[a-z]/.test(sign) ? sign : `_${sign.codePointAt(0)?.toString(16)}_`)).join('')}`;
}
