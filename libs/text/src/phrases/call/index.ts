import type { PhraseGroup } from '../phrase.ts';
import { ar } from './ar.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { hi } from './hi.ts';

/** What the voice of a call says by itself. It is never part of the history. */
export const callPhrases = { en, de, es, fr, hi, ar } as const satisfies PhraseGroup<typeof en>;
