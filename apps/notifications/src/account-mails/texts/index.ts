import { en } from './en.ts';
import type { MailTexts } from './text.ts';

/** Every language there is, one line each. */
const languages: Readonly<Record<string, MailTexts>> = { en };

/** The texts of a language (BCP 47), else of its main language, else English. */
export function textsOf(language: string): MailTexts {
  const [main = ''] = language.split('-');
  const found = [language.toLowerCase(), main.toLowerCase()].find((one) => Object.hasOwn(languages, one));
  return languages[found ?? 'en'] ?? en;
}
