import { en } from './en.ts';
import type { MailTexts } from './text.ts';

/** All supported languages. */
const languages: Readonly<Record<string, MailTexts>> = { en };

/** Returns the texts of a language tag (BCP 47), of its primary language, or English. */
export function textsOf(language: string): MailTexts {
  const [main = ''] = language.split('-');
  const supported = [language.toLowerCase(), main.toLowerCase()].find((tag) => Object.hasOwn(languages, tag));
  return languages[supported ?? 'en'] ?? en;
}
