import type { PhraseGroup } from '../phrase.ts';
import { ar } from './ar.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { hi } from './hi.ts';

/** Labels and errors of a voice call in the widget. They are loaded with the first call. */
export const widgetCallPhrases = { en, de, es, fr, hi, ar } as const satisfies PhraseGroup<typeof en>;
