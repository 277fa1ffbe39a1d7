import { directionOf, type Language, languageOf, spokenLanguage } from '@parley/text';

/** In which language, direction and digits a widget speaks. */
export interface Locale {
  language: Language;
  /** Tag for numbers and times: with its region where one is stated. */
  numbers: string;
  direction: 'ltr' | 'rtl';
  /** Stated by the page's author for this widget, as the server takes it; null where it is none. */
  stated: string | null;
}

const LONGEST_TAG = 35;

/**
 * Chooses the language: stated for the widget, else that of the page, else one of the browser's, else English.
 * A stated language that is written from right to left mirrors the widget also where its texts are in another.
 */
export function localeOf(stated: string | null, page: string, browser: readonly string[]): Locale {
  const preferred = [stated, page, ...browser];
  const language = languageOf(...preferred);
  const tag = preferred.find((one) => spokenLanguage(one) === language);
  const leading = stated?.trim() || page.trim();
  const isMirrored = [leading, language].some((one) => one !== '' && directionOf(one) === 'rtl');
  return {
    language,
    numbers: canonical(tag) ?? language,
    direction: isMirrored ? 'rtl' : 'ltr',
    stated: canonical(stated),
  };
}

/** Minutes and seconds, in the digits of a language. */
export function clock(ms: number, tag: string): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [whole, padded] = digitsOf(tag);
  return `${whole.format(Math.floor(seconds / 60))}:${padded.format(seconds % 60)}`;
}

const formats = new Map<string, [Intl.NumberFormat, Intl.NumberFormat]>();

function digitsOf(tag: string): [Intl.NumberFormat, Intl.NumberFormat] {
  const known = formats.get(tag);
  if (known) return known;
  const whole = new Intl.NumberFormat(tag, { useGrouping: false });
  const padded = new Intl.NumberFormat(tag, { minimumIntegerDigits: 2 });
  formats.set(tag, [whole, padded]);
  return [whole, padded];
}

/** A language tag as the standard writes it: `de_at` is `de-AT`; null where it is none. */
function canonical(tag: string | null | undefined): string | null {
  try {
    const [found] = Intl.getCanonicalLocales((tag ?? '').trim().replaceAll('_', '-'));
    return found && found.length <= LONGEST_TAG ? found : null;
  } catch {
    return null;
  }
}
