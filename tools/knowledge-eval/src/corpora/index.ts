import { arabic } from './arabic.ts';
import type { Corpus } from './corpus.ts';
import { german } from './german.ts';
import { hindi } from './hindi.ts';
import { japanese } from './japanese.ts';

/** The second tables: small corpora in four languages. */
export const corpora: readonly Corpus[] = [german, japanese, hindi, arabic];
