import {
  comparableWords,
  consentOf,
  type flowPhrases,
  type Language,
  languages,
  PhraseReader,
  type ReadPhrase,
} from '@parley/text';
import type { SmallTalkKind } from './kinds.ts';
import { emojiWordings, wordings } from './wordings/index.ts';

type Kind = Exclude<SmallTalkKind, 'filler'>;

/** A message that asks nothing of the knowledge, and what is answered to it. */
export interface SmallTalk {
  kind: Kind | 'yes' | 'no';
  /** The languages it is said in; none where it does not tell. */
  languages: readonly Language[];
  /** Whether it was written without a typing mistake: otherwise it may be a question after all. */
  exact: boolean;
}

/** The sentence of the catalogue that answers each kind. */
export const replyKeys = {
  greeting: 'greeting',
  wellbeing: 'wellbeing',
  thanks: 'thanks',
  goodbye: 'goodbye',
  acknowledgement: 'acknowledgement',
  yes: 'goAhead',
  no: 'offerDeclined',
} as const satisfies Partial<Record<SmallTalk['kind'], keyof (typeof flowPhrases)['en']>>;

/** Of several kinds in one message, the first of these is answered. */
const WEIGHT: readonly Kind[] = [
  ...(['abilities', 'identity', 'wellbeing', 'goodbye', 'thanks', 'acknowledgement', 'greeting'] as const),
];
/** Longer messages hold more than small talk. */
const LONGEST = 160;
const LONGEST_WITH_MISTAKES = 40;
/** Words of a greeting that a question may follow without a comma. */
const GREETING_WORDS = 4;

const reader = new PhraseReader<SmallTalkKind>(wordings);

/**
 * Reads a message that is small talk and nothing else, in any language the product speaks. Case, accents, punctuation, emoji
 * and typing mistakes do not matter.
 * @param name of the agent: a message may address it
 */
export function readSmallTalk(text: string, name: string): SmallTalk | null {
  if (text.length > LONGEST) return null;
  const words = comparableWords(text);
  if (words.length === 0) return emojiTalk(text);
  const skipped = new Set(comparableWords(name));
  const consent = consentOf(text);
  // "No, thanks" thanks for nothing, while "okay, thanks" does.
  if (consent === 'no') return { kind: 'no', languages: [], exact: true };
  const read = readAll(words, skipped, false);
  if (read) return read;
  if (consent === 'yes') return { kind: 'yes', languages: [], exact: true };
  return text.length <= LONGEST_WITH_MISTAKES ? readAll(words, skipped, true) : null;
}

/** What a message asks, without the greeting before it and the thanks after it; empty where nothing is left. */
export function questionIn(text: string, name: string): string {
  if (readSmallTalk(text, name)?.exact) return '';
  const parts = text.split(/(?<=[,.!?;:،؛؟।…\n]+(?:\s|$))/u);
  while (parts.length > 1 && isExact(parts[0], name)) parts.shift();
  while (parts.length > 1 && isExact(parts.at(-1), name)) parts.pop();
  return withoutGreeting(parts.join('').trim(), name);
}

function isExact(part: string | undefined, name: string): boolean {
  const words = comparableWords(part ?? '');
  if (words.length === 0) return true;
  const { phrases, end } = reader.read(words, { skipped: new Set(comparableWords(name)) });
  return end === words.length && phrases.every(({ kind }) => kind !== 'identity' && kind !== 'abilities');
}

/** "Hi how do I …": a greeting without a comma. */
function withoutGreeting(text: string, name: string): string {
  const tokens = text.split(/\s+/);
  for (let count = Math.min(GREETING_WORDS, tokens.length - 1); count > 0; count -= 1) {
    const read = readAll(
      comparableWords(tokens.slice(0, count).join(' ')),
      new Set(comparableWords(name)),
      false,
    );
    if (read?.kind === 'greeting') return tokens.slice(count).join(' ');
  }
  return text;
}

function readAll(words: readonly string[], skipped: ReadonlySet<string>, typos: boolean): SmallTalk | null {
  const { phrases, end } = reader.read(words, { skipped, typos });
  if (end < words.length) return null;
  for (const kind of WEIGHT) {
    const found = phrases.filter((one) => one.kind === kind);
    if (found.length > 0)
      return { kind, languages: languagesOf(found, phrases), exact: phrases.every((one) => one.exact) };
  }
  return null;
}

/** The languages in which all of it is said, else those of what is answered. */
function languagesOf(
  answered: readonly ReadPhrase<SmallTalkKind>[],
  all: readonly ReadPhrase<SmallTalkKind>[],
): readonly Language[] {
  const common = languages.filter((language) => all.every((one) => one.languages.includes(language)));
  return common.length > 0 ? common : (answered[0]?.languages ?? []);
}

function emojiTalk(text: string): SmallTalk | null {
  if (text.trim() === '' || !/^[\p{Emoji}\p{Emoji_Component}\p{P}\p{Z}\u200d\ufe0f]+$/u.test(text))
    return null;
  for (const [kind, emoji] of Object.entries(emojiWordings) as [Kind, RegExp][])
    if (emoji.test(text)) return { kind, languages: [], exact: true };
  return null;
}
