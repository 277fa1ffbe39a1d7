import { type Language, languageOf, languages } from '../languages.ts';
import { comparable } from './words.ts';

const wordings: Readonly<Record<Language, readonly string[]>> = {
  en: [
    'repeat',
    'please repeat',
    'say that again',
    'can you repeat that',
    'could you repeat that',
    'repeat that',
    'repeat that please',
    'say it again',
    'once more',
    'once again please',
    'pardon',
  ],
  de: [
    'wiederholen',
    'bitte wiederholen',
    'sagen Sie das noch einmal',
    'noch einmal bitte',
    'noch einmal',
    'noch mal bitte',
    'können Sie das wiederholen',
    'können Sie das bitte wiederholen',
    'wie bitte',
  ],
  es: [
    'repita',
    'repita por favor',
    'puede repetirlo',
    'puede repetir',
    'dígalo otra vez',
    'otra vez por favor',
    'cómo dice',
  ],
  fr: [
    'répétez',
    'répétez s’il vous plaît',
    'pouvez-vous répéter',
    'vous pouvez répéter',
    'encore une fois',
    'pardon',
  ],
  hi: ['दोहराइए', 'कृपया दोहराइए', 'फिर से कहिए', 'फिर से बताइए', 'एक बार और', 'दोबारा बोलिए'],
  ar: ['أعد', 'أعد من فضلك', 'أعيدوا من فضلكم', 'كرر من فضلك', 'مرة أخرى', 'مرة أخرى من فضلك'],
};
const known = new Set(languages.flatMap((language) => wordings[language].map(comparable)));

/** Whether a caller asks to hear the last message again, and nothing else. */
export function asksToRepeat(text: string): boolean {
  return text.length <= 80 && known.has(comparable(text));
}

/** Usual wordings of a language, for a recogniser that hears a closed list. */
export function usualRepeatRequests(tag: string | null | undefined): readonly string[] {
  return wordings[languageOf(tag)].slice(0, 3);
}
