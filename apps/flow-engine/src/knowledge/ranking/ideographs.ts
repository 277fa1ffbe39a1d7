import { eastAsian, korean } from './vocabulary/east-asian.ts';

const dictionary = new Intl.Segmenter('ja', { granularity: 'word' });
const hangul = /^\p{Script=Hangul}+$/u;
const hiragana = /^[\p{Script=Hiragana}\u30fc]+$/u;
/** Particles and endings of Korean that stand at the end of a word, longest first. */
const koreanEnding =
  /(?:입니까|인가요|이에요|하나요|합니까|되나요|됩니까|하려면|에서는|으로는|에서|에게|으로|까지|부터|에는|에도|예요|하는|하고|해요|해야|은|는|이|가|을|를|의|에|로|와|과|도|만|할|한)$/u;
/** What is counted behind these is no subject: 何日, 几个. */
const asksHowMany = /^[何幾几]$/u;
/** Shorter words of hiragana alone are particles and endings. */
const LEAST_HIRAGANA = 3;

/** The words of a run of Han, kana or Hangul that say something of the subject. */
export function contentWordsOf(run: string): string[] {
  return [...dictionary.segment(run)]
    .filter((part) => part.isWordLike)
    .map(({ segment }) => (hangul.test(segment) ? withoutEnding(segment) : segment))
    .filter((word, place, words) => !asksHowMany.test(words[place - 1] ?? '') || [...word].length > 1)
    .filter((word) => !eastAsian.stop.has(word) && !korean.stop.has(word))
    .filter((word) => !hiragana.test(word) || [...word].length >= LEAST_HIRAGANA);
}

function withoutEnding(word: string): string {
  if (korean.stop.has(word)) return word;
  const stem = word.replace(koreanEnding, '');
  return stem.length >= 2 || (stem.length === 1 && word.length >= 2) ? stem : word;
}

/** Pairs of characters that a word is looked up by; one character where it has no other. */
export function pairsOfWord(word: string): string[] {
  const characters = [...word];
  if (characters.length <= 1) return characters;
  return characters.slice(1).map((character, place) => (characters[place] ?? '') + character);
}
