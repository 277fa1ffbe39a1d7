import type { PhraseGroup } from '../phrase.ts';
import { ar } from './ar.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { hi } from './hi.ts';

/** Labels and notes of the chat widget. */
export const widgetPhrases = { en, de, es, fr, hi, ar } as const satisfies PhraseGroup<typeof en>;
